extension StoreReader {
    /// Counts and sums records by groups.
    ///
    /// - Parameter shouldStop: asked before each block; true ends it with what has been counted.
    /// - Throws: `.unusable` for a bucket that is not positive.
    public func aggregate(
        _ question: Aggregation, shouldStop: () -> Bool = { false }
    ) throws(StoreError) -> AggregateResult {
        if let bucket = question.bucket, bucket <= 0 {
            throw .unusable(limit: "bucket", reason: "must be longer than nothing")
        }
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        var run = QueryRun(query, view: try view(), directory: directory)
        run.plan()
        let aggregation = AggregationRun(question)
        run.visit(shouldStop) { block throws(StoreError) in try block.add(to: aggregation) }
        run.result.delivered = Int(clamping: aggregation.result(run.result).total.records)
        return aggregation.result(run.result)
    }
}
