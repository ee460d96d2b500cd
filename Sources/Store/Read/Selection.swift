internal import CHdrlog
internal import Records

/// The records of one block that a query wants, from the present one on.
final class Selection {
    private let filtered: FilteredBlock
    private let range: Range<Int64>
    private let step: Int
    private var at: Int
    private var lastInterface: (index: UInt32, name: String)?

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

    /// The name of an interface; records of one come in runs.
    func name(of index: UInt32) -> String {
        if let lastInterface, lastInterface.index == index { return lastInterface.name }
        let name = filtered.block.names[index] ?? ""
        lastInterface = (index, name)
        return name
    }

    func advance() {
        at += step
        settle()
    }

    /// Goes on to the next record that is wanted, unless this one is.
    private func settle() {
        while !isExhausted, !(range.contains(time) && filtered.selects(at)) { at += step }
    }
}
