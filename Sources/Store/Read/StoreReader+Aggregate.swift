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
        if !question.computations.isEmpty {
            return try sampled(try computed(question, threads, shouldStop), question, shouldStop)
        }
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        var run = try QueryRun(query, of: self)
        let asked = AggregationRun(question)
        let filter = FlowQuestion(run.blocks.filter, ClassTable())
        run.plan { asked.way($0, filter).isBySums }
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
        return try sampled(parts[0].aggregation.result(run.result), question, shouldStop)
    }

    /// Adds what the margins of estimates are computed from.
    private func sampled(
        _ result: AggregateResult, _ question: Aggregation, _ shouldStop: () -> Bool
    ) throws(StoreError) -> AggregateResult {
        guard let rate = result.completeness.rates?.upperBound, rate > 1 else { return result }
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        var run = try QueryRun(query, of: self)
        run.plan()
        var result = result
        result.sampling = (rate, run.greatestSampledLength(shouldStop))
        return result
    }
}
