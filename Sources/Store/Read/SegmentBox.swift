internal import Filter

/// An open segment and the buffers that its blocks are copied to.
final class SegmentBox {
    let index: Int
    private let reader: SegmentReader
    private let hot = ByteBuffer()
    private let cold = ByteBuffer()
    private let decompressor = ZstdDecompressor()

    init(_ index: Int, _ reader: SegmentReader) {
        self.index = index
        self.reader = reader
    }

    /// Reads a block as far as a filter needs it.
    /// - Returns: nil when none of its flows is wanted; then its cold part was not read.
    func decode(_ row: BlockRow, _ filter: CompiledFilter) throws(StoreError) -> FilteredBlock? {
        let decoded = try decodeHot(row)
        let wanted = FilteredBlock.Flows(decoded, filter.bound(to: decoded.names))
        guard !wanted.areNone else { return nil }
        return FilteredBlock(block: try addCold(decoded, row), flows: wanted)
    }

    func addCold(_ decoded: HotBlock, _ row: BlockRow) throws(StoreError) -> DecodedBlock {
        try reader.copy(.cold, of: row, to: cold)
        do throws(ByteCursor.Exhausted) {
            return DecodedBlock(hot: decoded, cold: try ColdBlock(decoded, cold.bytes, decompressor))
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }

    func decodeHot(_ row: BlockRow) throws(StoreError) -> HotBlock {
        try reader.copy(.hot, of: row, to: hot)
        do throws(ByteCursor.Exhausted) {
            return try HotBlock(hot.bytes, expected: Int(row.count), decompressor)
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }
}
