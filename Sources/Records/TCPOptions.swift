/// The TCP options that are decoded: MSS, window scale, SACK-permitted and timestamps (RFC 9293, RFC 7323, RFC 2018).
///
/// The first of each kind counts. Decoding stops at the end-of-list option, at a length that makes no sense, and
/// where the bytes end; what came before stays.
public struct TCPOptions: Equatable, Sendable {
    public private(set) var mss: UInt16?
    public private(set) var windowScale: UInt8?
    public private(set) var sackPermitted = false
    public private(set) var timestamps: (value: UInt32, echoReply: UInt32)?

    /// - Parameter bytes: from the header's 20th byte to the data offset.
    public init(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < bytes.count, bytes[offset] != 0 {
            if bytes[offset] == 1 {
                offset += 1
                continue
            }
            let stated = bytes.byte(at: offset + 1)
            guard let length = stated, length >= 2, offset + Int(length) <= bytes.count else { return }
            note(bytes, kind: bytes[offset], length: length, at: offset)
            offset += Int(length)
        }
    }

    /// A field that the options hold; nil when they do not.
    public func value(of field: Field) -> FieldValue? {
        switch field {
        case .mss: mss.map { .integer(UInt64($0)) }
        case .windowScale: windowScale.map { .integer(UInt64($0)) }
        case .sackPermitted: sackPermitted ? .boolean(true) : nil
        case .tsVal: timestamps.map { .integer(UInt64($0.value)) }
        case .tsEcr: timestamps.map { .integer(UInt64($0.echoReply)) }
        default: nil
        }
    }

    private mutating func note(_ bytes: UnsafeRawBufferPointer, kind: UInt8, length: UInt8, at offset: Int) {
        switch (kind, length) {
        case (2, 4): mss = mss ?? bytes.word(at: offset + 2)
        case (3, 3): windowScale = windowScale ?? bytes.byte(at: offset + 2)
        case (4, 2): sackPermitted = true
        case (8, 10):
            guard timestamps == nil, let value = bytes.longWord(at: offset + 2),
                let echo = bytes.longWord(at: offset + 6)
            else { return }
            timestamps = (value, echo)
        default: break
        }
    }

    public static func == (left: TCPOptions, right: TCPOptions) -> Bool {
        left.mss == right.mss && left.windowScale == right.windowScale && left.sackPermitted == right.sackPermitted
            && left.timestamps?.value == right.timestamps?.value
            && left.timestamps?.echoReply == right.timestamps?.echoReply
    }
}
