/// An open segment and the buffers that its blocks are copied to.
final class SegmentBox {
    let index: Int
    private let reader: SegmentReader
    private let hot = ByteBuffer()
    private let cold = ByteBuffer()

    init(_ index: Int, _ reader: SegmentReader) {
        self.index = index
        self.reader = reader
    }

    func decode(_ row: BlockRow) throws(StoreError) -> DecodedBlock {
        try reader.copy(.hot, of: row, to: hot)
        try reader.copy(.cold, of: row, to: cold)
        do {
            return try DecodedBlock(hot: hot, cold: cold, count: Int(row.count))
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number)")
        }
    }
}
