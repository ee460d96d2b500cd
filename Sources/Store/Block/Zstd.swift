internal import CZstd

/// One reusable compression context (ZSTD_CCtx).
final class ZstdCompressor {
    private let context = ZSTD_createCCtx()!
    private let level: Int32

    init(level: Int32 = 1) { self.level = level }

    deinit { ZSTD_freeCCtx(context) }

    /// Appends the compressed bytes.
    func compress(_ bytes: UnsafeRawBufferPointer, to buffer: ByteBuffer) {
        let bound = ZSTD_compressBound(bytes.count)
        buffer.reserve(bound)
        let size = ZSTD_compressCCtx(context, buffer.base + buffer.count, bound, bytes.baseAddress, bytes.count, level)
        precondition(ZSTD_isError(size) == 0, "the bound holds for every input")
        buffer.count += size
    }
}

/// One reusable decompression context (ZSTD_DCtx).
final class ZstdDecompressor {
    private let context = ZSTD_createDCtx()!

    deinit { ZSTD_freeDCtx(context) }

    /// Appends exactly `count` bytes.
    /// - Returns: false when the frame is damaged or holds another number of bytes.
    func decompress(_ bytes: UnsafeRawBufferPointer, count: Int, to buffer: ByteBuffer) -> Bool {
        buffer.reserve(count)
        let size = ZSTD_decompressDCtx(
            context, buffer.base + buffer.count, count, bytes.baseAddress, bytes.count)
        guard ZSTD_isError(size) == 0, size == count else { return false }
        buffer.count += count
        return true
    }
}
