internal import Records

/// A block's records in time order: one that was stored, or those in memory that no block holds yet.
final class DecodedBlock {
    private enum Contents {
        case memory(RecordRun, TimeOrder)
        case stored(HotBlock, ColdBlock, damage: StoreError)
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

    /// - Parameter damage: what is thrown where the block turns out to contradict itself.
    init(_ hot: HotBlock, _ cold: ColdBlock, damage: StoreError) {
        contents = .stored(hot, cold, damage: damage)
        names = hot.names
        count = hot.count
    }

    func time(at index: Int) -> Int64 {
        switch contents {
        case .memory(let run, let order): run.time(at: Int(order.indexes[index]))
        case .stored(let hot, _, _): hot.times[index]
        }
    }

    /// - Returns: the record, valid until the next call.
    func record(at index: Int) throws(StoreError) -> HeaderRecord {
        switch contents {
        case .memory(let run, let order): return run[Int(order.indexes[index])]
        case .stored(_, let cold, let damage):
            guard let record = cold.record(at: index) else { throw damage }
            return record
        }
    }
}
