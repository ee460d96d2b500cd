/// Bounds-checked big-endian reads, as packet headers need them.
///
/// `nil` means that the bytes are not there; no read goes past the buffer's end whatever the offset is.
extension UnsafeRawBufferPointer {
    @inlinable @inline(__always)
    func holds(_ width: Int, at offset: Int) -> Bool { offset >= 0 && offset <= count - width }

    @inlinable @inline(__always)
    func byte(at offset: Int) -> UInt8? {
        holds(1, at: offset) ? self[offset] : nil
    }

    /// A 16-bit field in network byte order, returned in host order.
    @inlinable @inline(__always)
    func word(at offset: Int) -> UInt16? {
        holds(2, at: offset) ? UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)) : nil
    }

    /// A 32-bit field in network byte order, returned in host order.
    @inlinable @inline(__always)
    func longWord(at offset: Int) -> UInt32? {
        holds(4, at: offset) ? UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)) : nil
    }

    /// A 64-bit field in network byte order, returned in host order.
    @inlinable @inline(__always)
    func quadWord(at offset: Int) -> UInt64? {
        holds(8, at: offset) ? UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)) : nil
    }

    /// `length` bytes, or those of them that are there.
    @inlinable @inline(__always)
    func slice(at offset: Int, length: Int) -> UnsafeRawBufferPointer? {
        guard length > 0, offset >= 0, offset < count else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[offset..<Swift.min(offset + length, count)])
    }

    /// Big-endian loads for the walk, which has checked the bounds itself.
    @inline(__always)
    func uncheckedWord(_ offset: Int) -> UInt16 {
        UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}
