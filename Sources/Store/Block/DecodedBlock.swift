internal import Records

/// A block's records in time order: one that was stored, or those in memory that no block holds yet.
final class DecodedBlock {
    enum Contents {
        case memory(RecordRun, TimeOrder)
        case stored(HotBlock, ColdBlock?)
    }

    private let contents: Contents
    let names: [UInt32: String]
    let count: Int

    init(run: RecordRun, names: [UInt32: String]) {
        let order = TimeOrder(capacity: max(run.count, 1))
        order.sort(run)
        contents = .memory(run, order)
        self.names = names
        count = run.count
    }

    struct Damaged: Error {}

    /// - Parameter cold: nil when no record will be asked for.
    init(hot: HotBlock, cold: ColdBlock?) {
        contents = .stored(hot, cold)
        names = hot.names
        count = hot.count
    }

    func time(at index: Int) -> Int64 {
        switch contents {
        case .memory(let run, let order): run.time(at: Int(order.indexes[index]))
        case .stored(let hot, _): hot.times[index]
        }
    }

    /// The record's flow by its number in the block, nil for records in memory.
    func flow(at index: Int) -> Int? {
        if case .stored(let hot, _) = contents { Int(hot.flowNumbers[index]) } else { nil }
    }

    /// Of stored records only.
    func passes(_ tests: [HotTest], _ index: Int) -> Bool {
        guard case .stored(let hot, _) = contents else { preconditionFailure("records in memory have no columns") }
        return tests.allSatisfy { $0.holds(hot, index) }
    }

    func record(at index: Int) -> HeaderRecord {
        switch contents {
        case .memory(let run, let order): return run[Int(order.indexes[index])]
        case .stored(let hot, let cold):
            guard let cold else { preconditionFailure("records of a block whose cold part was not read") }
            return cold.record(at: index, time: hot.times[index])
        }
    }
}
