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
        let decoded = try decodeHot(row, [])
        try prepareEnds(decoded, row)
        let wanted = FilteredBlock.Flows(decoded, filter.bound(to: decoded.names))
        guard !wanted.areNone else { return nil }
        return FilteredBlock(block: try addCold(decoded, row), flows: wanted)
    }

    func addCold(_ decoded: HotBlock, _ row: BlockRow) throws(StoreError) -> DecodedBlock {
        try reader.copy(.cold, of: row, to: cold)
        do throws(ByteCursor.Exhausted) {
            try decoded.prepare(HotPart.allCases, decompressor)
            return DecodedBlock(hot: decoded, cold: try ColdBlock(decoded, cold.bytes, decompressor))
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }

    func prepareEnds(_ hot: HotBlock, _ row: BlockRow) throws(StoreError) {
        do throws(ByteCursor.Exhausted) {
            try hot.prepareEnds(decompressor)
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }

    func prepare(_ hot: HotBlock, _ parts: [HotPart], _ row: BlockRow) throws(StoreError) {
        do throws(ByteCursor.Exhausted) {
            try hot.prepare(parts, decompressor)
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }

    func decodeHot(_ row: BlockRow, _ parts: [HotPart]) throws(StoreError) -> HotBlock {
        try reader.copy(.hot, of: row, to: hot)
        do throws(ByteCursor.Exhausted) {
            let decoded = try HotBlock(hot.bytes, expected: Int(row.count))
            try decoded.prepare(parts, decompressor)
            return decoded
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }
}
