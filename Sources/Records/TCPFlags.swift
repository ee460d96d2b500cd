/// The flag bits of a TCP header: the eight of RFC 9293 and the four above them (AE and three reserved ones).
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let fin = TCPFlags(rawValue: 0x001)
    public static let syn = TCPFlags(rawValue: 0x002)
    public static let rst = TCPFlags(rawValue: 0x004)
    public static let psh = TCPFlags(rawValue: 0x008)
    public static let ack = TCPFlags(rawValue: 0x010)
    public static let urg = TCPFlags(rawValue: 0x020)
    public static let ece = TCPFlags(rawValue: 0x040)
    public static let cwr = TCPFlags(rawValue: 0x080)
    public static let ae = TCPFlags(rawValue: 0x100)

    /// Names in the order of the bits, lowest first; the three reserved bits have none.
    public static let names: [StaticString] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ae"]

    /// The flag of a name in lower case (`syn`, `push`, …); nil for another word.
    public init?(named name: some StringProtocol) {
        switch name {
        case "push": self = .psh
        case "ns": self = .ae
        default:
            guard let bit = Self.names.firstIndex(where: { "\($0)" == name }) else { return nil }
            self.init(rawValue: 1 << UInt16(bit))
        }
    }

    public static let maximumTextLength = 12

    /// Writes tcpdump's letters (`S`, `S.`, `P.`, `R`, `none`) without a terminator; reserved bits are not written.
    /// - Parameter buffer: at least `maximumTextLength` bytes.
    /// - Returns: how many bytes were written.
    public func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var writer = TextWriter(buffer)
        // tcpdump's order: F S R P . U E W, and e for AE.
        let letters: StaticString = "FSRP.UEWe"
        for bit in 0..<9 where rawValue >> UInt16(bit) & 1 == 1 { writer.byte(letters.utf8Start[bit]) }
        if writer.count == 0 { writer.text("none") }
        return writer.count
    }
}

extension TCPFlags: CustomStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: Self.maximumTextLength) { write(into: $0) }
    }
}
