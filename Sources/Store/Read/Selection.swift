internal import CHdrlog
internal import Records

/// The records of one block that a query wants, from the present one on.
final class Selection {
    let candidate: QueryRun.Candidate
    private let filtered: FilteredBlock
    private let step: Int
    /// A position among the candidates.
    private var at: Int
    private var lastInterface: (index: UInt32, name: String)?
    /// Of the present record, meaningful unless all are over.
    private(set) var time: Int64 = 0

    init(
        _ filtered: FilteredBlock, of candidate: QueryRun.Candidate, _ order: Query.Order
    ) throws(StoreError) {
        (self.filtered, self.candidate) = (filtered, candidate)
        step = order == .ascending ? 1 : -1
        at = step > 0 ? 0 : filtered.candidates.count - 1
        try settle()
    }

    var isExhausted: Bool { at < 0 || at >= filtered.candidates.count }

    private var index: Int { Int(filtered.candidates[at]) }

    /// The present record, valid until the next call.
    func record() throws(StoreError) -> HeaderRecord { try filtered.block.record(at: index) }

    /// The name of an interface; records of one come in runs.
    func name(of index: UInt32) -> String {
        if let lastInterface, lastInterface.index == index { return lastInterface.name }
        let name = filtered.block.names[index] ?? ""
        lastInterface = (index, name)
        return name
    }

    func advance() throws(StoreError) {
        at += step
        try settle()
    }

    /// Goes on to the next record that is wanted, unless this one is.
    private func settle() throws(StoreError) {
        while !isExhausted, !(try filtered.selects(index)) { at += step }
        if !isExhausted { time = filtered.block.time(at: index) }
    }
}
