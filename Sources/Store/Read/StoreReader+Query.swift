internal import Filter
public import Records

extension StoreReader {
    /// Delivers the records that a query asks for, in order of time.
    ///
    /// - Parameters:
    ///   - threads: with more than one, a thread beside the calling one reads the next blocks: of any segment, and four
    ///     of them at the most.
    ///   - shouldStop: asked before each block; true ends the query (the time is over, the client has gone).
    ///   - body: gets each record, valid during the call, and its interface's name (empty when it has none); returns
    ///     whether it wants more.
    public func query(
        _ query: Query, threads: Int = 1, shouldStop: () -> Bool = { false },
        _ body: (borrowing HeaderRecord, _ interface: String) -> Bool
    ) throws(StoreError) -> QueryResult {
        var run = try QueryRun(query, of: self, threads: threads)
        run.plan()
        run.execute(shouldStop, body)
        return run.result
    }
}
