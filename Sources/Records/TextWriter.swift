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

    /// Four octets with dots between them; `value` is in host byte order. Needs room for 16 bytes.
    @inline(__always)
    mutating func dotted(_ value: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) { octetAndDot(value >> shift & 0xFF) }
        count -= 1
    }

    /// Up to three digits and a dot, in one store: how many there are is random, and a wrong guess of the processor's
    /// would cost more than all of it.
    @inline(__always)
    private mutating func octetAndDot(_ value: UInt32) {
        let hundreds = (value &* 41) &>> 12
        let rest = value &- 100 &* hundreds
        let tens = (rest &* 103) &>> 10
        let digits = hundreds | tens << 8 | (rest &- 10 &* tens) << 16 | 0x2E30_3030
        let leadingZeros = (value < 100 ? 1 : 0) &+ (value < 10 ? 1 : 0)
        store(digits &>> UInt32(8 &* leadingZeros), 4 &- leadingZeros)
    }

    /// Lower-case hexadecimal without leading zeros; needs room for 4 bytes.
    @inline(__always)
    mutating func hexadecimal(_ value: UInt16) {
        let digits = Self.digits(UInt64(value.byteSwapped))
        let leadingZeros = min(value.leadingZeroBitCount &>> 2, 3)
        store(UInt32(truncatingIfNeeded: digits) &>> UInt32(8 &* leadingZeros), 4 &- leadingZeros)
    }

    /// Four characters in a word, the first one lowest, of which `length` count.
    @inline(__always)
    private mutating func store(_ characters: UInt32, _ length: Int) {
        precondition(count &+ 4 <= buffer.count, "no room for four characters")
        UnsafeMutableRawPointer(buffer.baseAddress! + count).storeBytes(of: characters.littleEndian, as: UInt32.self)
        count &+= length
    }

    /// The lower-case hexadecimal digits of the lower four bytes, the lowest byte first, each with its upper digit first.
    @inline(__always)
    static func digits(_ bytes: UInt64) -> UInt64 {
        var spread = bytes & 0xFFFF_FFFF
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        let nibbles = (spread &>> 4 | spread << 8) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (nibbles &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
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
