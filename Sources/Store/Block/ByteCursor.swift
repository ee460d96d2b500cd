/// Reads little-endian values one behind the other and never beyond the end: of damaged bytes nothing worse comes
/// than an error.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    struct Exhausted: Error {}

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var left: Int { bytes.count - offset }

    mutating func take<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(Exhausted) -> T {
        guard left >= MemoryLayout<T>.size else { throw Exhausted() }
        defer { offset += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    mutating func take(bytes length: Int) throws(Exhausted) -> UnsafeRawBufferPointer {
        guard length >= 0, length <= left else { throw Exhausted() }
        defer { offset += length }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
    }

    /// 7 bits a byte, the last without the top bit.
    mutating func takeVariable() throws(Exhausted) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let next = try take(UInt8.self)
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
        }
        throw Exhausted()
    }

    mutating func takeName() throws(Exhausted) -> String {
        let length = Int(try take(UInt8.self))
        return String(decoding: try take(bytes: length), as: UTF8.self)
    }
}
