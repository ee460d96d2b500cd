internal import CHdrlog
internal import Records

/// The records of one block that a query wants, from the present one on.
struct Selection {
    private let filtered: FilteredBlock
    private let range: Range<Int64>
    private let step: Int
    private var at: Int

    init(_ filtered: FilteredBlock, _ order: Query.Order, _ range: Range<Int64>) {
        self.filtered = filtered
        self.range = range
        step = order == .ascending ? 1 : -1
        at = step > 0 ? 0 : filtered.block.count - 1
        settle()
    }

    var isExhausted: Bool { at < 0 || at >= filtered.block.count }
    var time: Int64 { filtered.block.time(at: at) }
    var record: HeaderRecord { filtered.block.record(at: at) }
    var interface: String { filtered.block.names[record.metadata.ifindex] ?? "" }

    mutating func advance() {
        at += step
        settle()
    }

    /// Goes on to the next record that is wanted, unless this one is.
    private mutating func settle() {
        while !isExhausted, !(range.contains(time) && filtered.selects(at)) { at += step }
    }
}
