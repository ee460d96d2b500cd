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

    /// Reads a block as far as a query needs it.
    /// - Parameter range: of times.
    /// - Returns: nil when none of its records is wanted; then its cold part was not read.
    func decode(
        _ row: BlockRow, _ range: Range<Int64>, _ filter: CompiledFilter, _ order: ColdBlock.Order
    ) throws(StoreError) -> FilteredBlock? {
        let hot = try open(row)
        try prepare(hot, [.ends], row)
        return try select(row, hot, FilteredBlock.Flows(hot, filter.bound(to: hot.names)), range, order)
    }

    /// The rest of `decode` for a block of which the flows are known.
    func select(
        _ row: BlockRow, _ hot: HotBlock, _ flows: FilteredBlock.Flows, _ range: Range<Int64>, _ order: ColdBlock.Order
    ) throws(StoreError) -> FilteredBlock? {
        guard !flows.areNone else { return nil }
        try prepare(hot, [.times, .flowNumbers] + flows.tests.map(\.part), row)
        let candidates = flows.candidates(hot, range)
        guard !candidates.isEmpty else { return nil }
        try prepare(hot, [.flows, .lengths, .flags], row)
        try reader.copy(.cold, of: row, to: scratch)
        let wanted = candidates.count < hot.count ? candidates : nil
        let cold = try checked(row, .cold) { () throws(ByteCursor.Exhausted) in
            try ColdBlock(hot, scratch.bytes, wanted: wanted, order, decompressor)
        }
        let block = DecodedBlock(hot, cold, damage: damage(row, .cold))
        return FilteredBlock(block, hot, candidates, flows)
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

    /// Reads all of the sums over all blocks.
    func check(rollup row: BlockRow) throws(StoreError) {
        let hot = try open(row)
        try prepare(hot, [.ends, .sums], row)
        let total = (0..<hot.flowCount).reduce(0) { $0 + Int64(hot.sums.records[$1]) }
        guard total == row.count else { throw damage(row, .flows) }
    }

    private func checked<Result>(
        _ row: BlockRow, _ blob: BlockBlob, _ body: () throws(ByteCursor.Exhausted) -> Result
    ) throws(StoreError) -> Result {
        do throws(ByteCursor.Exhausted) {
            return try body()
        } catch {
            throw damage(row, blob)
        }
    }

    private func damage(_ row: BlockRow, _ blob: BlockBlob) -> StoreError {
        .damaged(path: reader.path, what: "\(row.name), \(blob)")
    }
}
