extension StoreReader {
    /// Counts and sums records by groups.
    ///
    /// - Parameters:
    ///   - threads: how many blocks are worked on at a time; the calling thread is one of them.
    ///   - shouldStop: asked on the calling thread before each of its blocks; true ends all with what has been counted.
    /// - Throws: `.unusable` for a bucket that is not positive.
    public func aggregate(
        _ question: Aggregation, threads: Int = 1, shouldStop: () -> Bool = { false }
    ) throws(StoreError) -> AggregateResult {
        if let bucket = question.bucket, bucket <= 0 {
            throw .unusable(limit: "bucket", reason: "must be longer than nothing")
        }
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        var run = QueryRun(query, view: try view(), directory: directory)
        run.plan()
        let stop = AggregationPart.StopFlag()
        let parts = run.split(max(1, threads)).map { AggregationPart($0, question, stop) }
        let started = parts.dropFirst().map { ($0, $0.start()) }
        parts[0].work(shouldStop)
        for (part, isRunning) in started {
            if isRunning { part.join() } else { part.work(shouldStop) }
            parts[0].aggregation.take(part.aggregation)
            run.merge(part.run)
        }
        run.merge(parts[0].run)
        return parts[0].aggregation.result(run.result)
    }
}
