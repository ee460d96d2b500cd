internal import Filter
public import Records

extension StoreReader {
    /// Delivers the records that a query asks for, in order of time.
    ///
    /// - Parameters:
    ///   - shouldStop: asked before each block; true ends the query (the time is over, the client has gone).
    ///   - body: gets each record, valid during the call, and its interface's name (empty when it has none); returns
    ///     whether it wants more.
    public func query(
        _ query: Query, shouldStop: () -> Bool = { false },
        _ body: (borrowing HeaderRecord, _ interface: String) -> Bool
    ) throws(StoreError) -> QueryResult {
        var run = QueryRun(query, view: try view(), directory: directory)
        run.plan()
        run.execute(shouldStop, body)
        return run.result
    }
}
