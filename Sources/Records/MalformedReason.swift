public import CHdrlog

/// Why a frame's headers could not be walked to their end (`hdrlog_malformed`); its name is what people see.
public enum MalformedReason: UInt8, CaseIterable, Sendable {
    case truncatedL2 = 1
    case truncatedL3
    case truncatedL4
    case badIpVersion
    case badIhl
    case badTotalLength
    case badPayloadLength
    case badDataOffset
    case badUdpLength
    case tooManyExtensions
    case headersTooLong

    /// nil for a well-formed frame and for a reason that this version does not know.
    public init?(_ value: hdrlog_malformed) { self.init(rawValue: UInt8(truncatingIfNeeded: value.rawValue)) }
}
