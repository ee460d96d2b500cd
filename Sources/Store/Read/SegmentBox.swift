internal import Filter

/// An open segment and the buffers that its blocks are copied to.
final class SegmentBox {
    let index: Int
    private let reader: SegmentReader
    private let scratch = ByteBuffer()
    private let decompressor = ZstdDecompressor()

    init(_ index: Int, _ reader: SegmentReader) {
        self.index = index
        self.reader = reader
    }

    /// Reads a block as far as a filter needs it.
    /// - Returns: nil when none of its flows is wanted; then neither its records nor its cold part were read.
    func decode(_ row: BlockRow, _ filter: CompiledFilter) throws(StoreError) -> FilteredBlock? {
        let hot = try open(row)
        try prepare(hot, [.ends], row)
        let wanted = FilteredBlock.Flows(hot, filter.bound(to: hot.names))
        guard !wanted.areNone else { return nil }
        return FilteredBlock(block: try addCold(hot, row), flows: wanted)
    }

    /// Reads the block's classes.
    func open(_ row: BlockRow) throws(StoreError) -> HotBlock {
        try reader.copy(.classes, of: row, to: scratch)
        return try checked(row, .classes) { () throws(ByteCursor.Exhausted) in
            try HotBlock(classes: scratch.bytes, expected: Int(row.count), decompressor)
        }
    }

    /// Reads what these parts need and is not there yet.
    func prepare(_ hot: HotBlock, _ parts: [HotBlock.Part], _ row: BlockRow) throws(StoreError) {
        for part in parts {
            if let buffer = hot.missing(part) { try reader.copy(part.blob, of: row, to: buffer) }
            try checked(row, part.blob) { () throws(ByteCursor.Exhausted) in try hot.prepare(part, decompressor) }
        }
    }

    func addCold(_ hot: HotBlock, _ row: BlockRow) throws(StoreError) -> DecodedBlock {
        try prepare(hot, [.flows, .times, .flowNumbers, .lengths, .flags], row)
        try reader.copy(.cold, of: row, to: scratch)
        return try checked(row, .cold) { () throws(ByteCursor.Exhausted) in
            DecodedBlock(hot: hot, cold: try ColdBlock(hot, scratch.bytes, decompressor))
        }
    }

    /// What the block's filter says of its addresses and ports.
    func filter(_ row: BlockRow) throws(StoreError) -> StoredFilter {
        try reader.copy(.filter, of: row, to: scratch)
        return try checked(row, .filter) { () throws(ByteCursor.Exhausted) in
            try StoredFilter(scratch.bytes, decompressor)
        }
    }

    /// Reads all of the block's filter.
    func check(filter row: BlockRow) throws(StoreError) {
        let filter = try filter(row)
        try checked(row, .filter) { () throws(ByteCursor.Exhausted) in _ = try filter.ports.get() }
    }

    private func checked<Result>(
        _ row: BlockRow, _ blob: BlockBlob, _ body: () throws(ByteCursor.Exhausted) -> Result
    ) throws(StoreError) -> Result {
        do throws(ByteCursor.Exhausted) {
            return try body()
        } catch {
            throw .damaged(path: reader.path, what: "block \(row.number), \(blob)")
        }
    }
}
