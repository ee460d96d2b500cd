internal import CHdrlog
internal import Records

extension StoreReader {
    /// An aggregation that asks for more than packets and bytes: record by record, on the calling thread.
    /// - Throws: `.unusable` when the different values of all groups take more memory than there is for them.
    func computed(
        _ question: Aggregation, _ threads: Int, _ shouldStop: () -> Bool
    ) throws(StoreError) -> AggregateResult {
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        let groups = ComputedGroups(question)
        let answer = try self.query(query, threads: threads, shouldStop: shouldStop) { record, interface in
            groups.add(record, interface: interface)
            return !groups.isFull
        }
        guard !groups.isFull else {
            throw .unusable(
                limit: "distinct", reason: "too many values in too many groups: ask for fewer groups or a shorter time")
        }
        return groups.result(answer)
    }
}

extension QueryRun {
    /// The greatest frame length of the blocks in which packets were sampled: what the margin of bytes rests on.
    mutating func greatestSampledLength(_ shouldStop: () -> Bool) -> UInt32 {
        var greatest: UInt32 = 0
        for candidate in candidates where candidate.row.greatestRate > 1 && !shouldStop() && blocks.mayHold(candidate) {
            if let index = candidate.pending {
                let block = view.pending[index]
                for at in 0..<block.count {
                    greatest = max(greatest, (try? block.record(at: at).metadata.frame_length) ?? 0)
                }
            } else if let segment = try? blocks.segment(candidate.segment), let hot = try? segment.open(candidate.row),
                (try? segment.prepare(hot, [.lengths], candidate.row)) != nil
            {
                for at in 0..<hot.count { greatest = max(greatest, hot.lengths[at]) }
            }
        }
        return greatest
    }
}
