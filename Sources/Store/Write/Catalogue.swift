internal import Synchronization

/// What the store thread and readers share: which segments there are, and the records that are not yet in a block.
final class Catalogue: Sendable {
    struct State {
        /// Oldest first, the running one last.
        var segments: [SegmentInfo] = []
        /// The block being filled. Blocks of a smaller place are committed; this one and later ones may be too, but
        /// their records come from `pending`.
        var pending: RecordRun
        var place = BlockPlace(segment: 0, number: 1)
        var names: [UInt32: String] = [:]
        /// Not yet in a segment.
        var gaps: [Gap] = []
        var statistics = StoreStatistics()
        var ledger = Ledger()
    }

    let directory: StoreDirectory
    private let state: Mutex<State>

    init(directory: StoreDirectory, pending: RecordRun) {
        self.directory = directory
        state = Mutex(State(pending: pending))
    }

    func withState<Result, E: Error>(_ body: (inout sending State) throws(E) -> sending Result) throws(E)
        -> sending Result
    {
        try state.withLock(body)
    }
}
