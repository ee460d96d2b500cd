public import Records

/// A query whose records are fetched piece by piece, for who cannot be called with each of them.
///
/// Looks at the store of the moment in which it began. Not for several threads at once.
public final class RecordCursor {
    private var run: QueryRun

    fileprivate init(_ run: consuming QueryRun) { self.run = run }

    /// What the answer is worth so far.
    public var result: QueryResult { run.result }

    /// Calls `body` with the next records, at most so many.
    /// - Parameter shouldStop: asked for each block; the records before it have been delivered then.
    /// - Returns: false when there will be no more.
    public func fetch(
        _ most: Int, shouldStop: () -> Bool = { false }, _ body: (borrowing HeaderRecord, _ interface: String) -> Void
    ) -> Bool {
        run.execute(most: most, shouldStop) { record, interface in
            body(record, interface)
            return true
        }
        return !run.isFinished && run.result.stopped == nil
    }
}

extension StoreReader {
    public func cursor(_ query: Query) throws(StoreError) -> RecordCursor {
        var run = try QueryRun(query, of: self)
        run.plan()
        return RecordCursor(run)
    }
}
