/// An Ethernet address: the 48 bits in a host-order integer, first byte on the wire uppermost.
public struct MACAddress: Hashable, Sendable {
    public let value: UInt64

    /// - Parameter value: below 2^48; higher bits are dropped.
    @inlinable
    public init(_ value: UInt64) { self.value = value & 0xFFFF_FFFF_FFFF }

    public static let maximumTextLength = 17

    /// Broadcast or multicast: the first byte's lowest bit is set.
    public var isGroup: Bool { value >> 40 & 1 == 1 }

    /// Writes `02:00:5e:10:00:01` without a terminator.
    /// - Parameter buffer: at least `maximumTextLength` bytes.
    /// - Returns: how many bytes were written.
    public func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        precondition(buffer.count >= Self.maximumTextLength, "no room for an address")
        let text = UnsafeMutableRawPointer(buffer.baseAddress!)
        let (first, last) = (TextWriter.digits(value.byteSwapped &>> 16), TextWriter.digits(value.byteSwapped &>> 48))
        // Each store writes an octet, a colon and what the next one overwrites.
        for index in 0..<5 {
            let pair = index < 4 ? first &>> UInt64(16 &* index) : last
            let word = UInt32(truncatingIfNeeded: pair & 0xFFFF) | UInt32(UInt8(ascii: ":")) << 16
            text.storeBytes(of: word.littleEndian, toByteOffset: 3 &* index, as: UInt32.self)
        }
        text.storeBytes(of: UInt16(truncatingIfNeeded: last &>> 16).littleEndian, toByteOffset: 15, as: UInt16.self)
        return Self.maximumTextLength
    }
}

extension MACAddress: Comparable {
    public static func < (left: MACAddress, right: MACAddress) -> Bool { left.value < right.value }
}

extension MACAddress: LosslessStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: Self.maximumTextLength) { write(into: $0) }
    }

    /// Reads six hexadecimal octets of one or two digits with `:` or `-` between them; nil for anything else.
    public init?(_ text: String) {
        let separator: Character = text.contains("-") ? "-" : ":"
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var value: UInt64 = 0
        for part in parts {
            guard (1...2).contains(part.utf8.count) else { return nil }
            var octet: UInt64 = 0
            for character in part.utf8 {
                guard let nibble = TextWriter.nibble(character) else { return nil }
                octet = octet << 4 | UInt64(nibble)
            }
            value = value << 8 | octet
        }
        self.init(value)
    }
}
