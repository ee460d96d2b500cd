/// The ports of a block: a bit each, from the least significant one of the first byte on.
///
/// Stored as a stream: compressed, a server's few ports take some ten bytes.
final class PortSet {
    private static let byteCount = 1 << 13
    private let bits = ByteBuffer(capacity: byteCount)

    init() {
        bits.count = Self.byteCount
        removeAll()
    }

    /// - Parameter cursor: at the stream.
    init(_ cursor: inout ByteCursor, _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        guard try CompressedStream.take(&cursor, to: bits, decompressor).count == Self.byteCount else {
            throw ByteCursor.Exhausted()
        }
    }

    private var bytes: UnsafeMutablePointer<UInt8> { bits.base.assumingMemoryBound(to: UInt8.self) }

    func removeAll() { bits.base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount) }

    func insertAll() { bits.base.initializeMemory(as: UInt8.self, repeating: 0xFF, count: Self.byteCount) }

    func insert(_ port: UInt16) { bytes[Int(port >> 3)] |= 1 << UInt8(port & 7) }

    func contains(_ port: UInt16) -> Bool { bytes[Int(port >> 3)] & 1 << UInt8(port & 7) != 0 }

    func overlaps(_ range: ClosedRange<UInt16>) -> Bool { range.contains(where: contains) }

    func write(to buffer: ByteBuffer, _ compressor: ZstdCompressor) {
        CompressedStream.append(bits.bytes, to: buffer, compressor)
    }
}
