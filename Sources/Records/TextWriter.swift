/// Appends small pieces of text to a caller's buffer, without allocation.
///
/// The caller has made the buffer large enough; a write past its end traps.
struct TextWriter {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        buffer[count] = value
        count += 1
    }

    mutating func text(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { byte(text.utf8Start[index]) }
    }

    mutating func decimal(_ value: UInt8) {
        if value >= 100 { byte(0x30 + value / 100) }
        if value >= 10 { byte(0x30 + value / 10 % 10) }
        byte(0x30 + value % 10)
    }

    /// Four octets with dots between them; `value` is in host byte order.
    mutating func dotted(_ value: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            decimal(UInt8(truncatingIfNeeded: value >> shift))
            if shift != 0 { byte(UInt8(ascii: ".")) }
        }
    }

    /// Lower-case hexadecimal without leading zeros.
    mutating func hexadecimal(_ value: UInt64) {
        let digits = max(1, (67 - value.leadingZeroBitCount) / 4)
        for index in stride(from: digits - 1, through: 0, by: -1) {
            byte(Self.digit(UInt8(truncatingIfNeeded: value >> UInt64(4 * index)) & 0xF))
        }
    }

    /// Two lower-case hexadecimal digits.
    mutating func octet(_ value: UInt8) {
        byte(Self.digit(value >> 4))
        byte(Self.digit(value & 0xF))
    }

    @inline(__always)
    static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }

    /// The value of a hexadecimal digit, nil for another character.
    static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }
}
