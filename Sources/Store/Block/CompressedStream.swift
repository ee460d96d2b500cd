/// A run of bytes as it is stored: compressed where that helps.
///
///     mode u8 (0 as they are, 1 zstd), raw length u32, stored length u32, bytes
enum CompressedStream {
    /// Below this a frame's own header costs more than it saves.
    private static let leastLength = 48

    static func append(_ bytes: UnsafeRawBufferPointer, to buffer: ByteBuffer, _ compressor: ZstdCompressor?) {
        let header = buffer.count
        buffer.append(UInt8(0))
        buffer.append(UInt32(bytes.count))
        buffer.append(UInt32(bytes.count))
        let start = buffer.count
        guard let compressor, bytes.count >= leastLength else { return buffer.append(bytes) }
        compressor.compress(bytes, to: buffer)
        let stored = buffer.count - start
        guard stored < bytes.count else {
            buffer.count = start
            return buffer.append(bytes)
        }
        buffer.base.storeBytes(of: 1, toByteOffset: header, as: UInt8.self)
        (buffer.base + header + 5).copyMemory(from: [UInt32(stored).littleEndian], byteCount: 4)
    }

    /// Reads the next stream to the end of a buffer.
    /// - Returns: where it begins there and how long it is.
    static func take(
        _ cursor: inout ByteCursor, to buffer: ByteBuffer, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) -> Range<Int> {
        let mode = try cursor.take(UInt8.self)
        let raw = Int(try cursor.take(UInt32.self))
        let stored = Int(try cursor.take(UInt32.self))
        let bytes = try cursor.take(bytes: stored)
        let start = buffer.count
        guard raw < 1 << 28, mode <= 1 else { throw ByteCursor.Exhausted() }
        if mode == 0 {
            guard raw == stored else { throw ByteCursor.Exhausted() }
            buffer.append(bytes)
        } else if !decompressor.decompress(bytes, count: raw, to: buffer) {
            throw ByteCursor.Exhausted()
        }
        return start..<(start + raw)
    }

    /// Passes over the next stream.
    static func skip(_ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) {
        _ = try cursor.take(bytes: 5)
        _ = try cursor.take(bytes: Int(try cursor.take(UInt32.self)))
    }
}
