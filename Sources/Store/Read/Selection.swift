internal import CHdrlog
internal import Filter
internal import Records

/// The records of one block that a query wants, from the present one on.
struct Selection {
    private let block: DecodedBlock
    private let filter: CompiledFilter
    private let range: Range<Int64>
    private let step: Int
    private var at: Int

    init(_ block: DecodedBlock, _ query: Query, _ range: Range<Int64>) {
        self.block = block
        self.range = range
        filter = CompiledFilter(query.filter, interfaces: block.names)
        step = query.order == .ascending ? 1 : -1
        at = step > 0 ? 0 : block.count - 1
        settle()
    }

    var isExhausted: Bool { at < 0 || at >= block.count }
    var time: Int64 { block.time(at: at) }
    var record: HeaderRecord { block.record(at: at) }
    var interface: String { block.names[record.metadata.ifindex] ?? "" }

    mutating func advance() {
        at += step
        settle()
    }

    /// Goes on to the next record that is wanted, unless this one is.
    private mutating func settle() {
        while !isExhausted, !isWanted { at += step }
    }

    private var isWanted: Bool {
        guard range.contains(time) else { return false }
        if filter.isAlwaysTrue { return true }
        let record = record
        return filter.matches(record, HeaderLayout(record))
    }
}
