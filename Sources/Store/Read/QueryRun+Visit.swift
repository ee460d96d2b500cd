internal import Filter

/// What aggregations need of a query: its blocks, in any order, by several threads.
extension QueryRun {
    /// Runs of neighbouring blocks about equal in number, as runs of their own that share nothing that changes.
    func split(_ parts: Int) -> [QueryRun] {
        let share = max(1, (candidates.count + parts - 1) / parts)
        return stride(from: 0, to: max(candidates.count, 1), by: share).map { start in
            var part = self
            part.candidates = Array(candidates[start..<min(start + share, candidates.count)])
            part.openSegment = nil
            (part.result.decoded, part.result.gaps, part.result.unreadable) = (0, [], [])
            return part
        }
    }

    /// Takes over what a part found out.
    mutating func merge(_ part: QueryRun) {
        result.decoded += part.result.decoded
        result.gaps += part.result.gaps
        result.unreadable += part.result.unreadable
        result.stopped = result.stopped ?? part.result.stopped
    }

    /// A block that an aggregation looks at.
    struct Visit {
        fileprivate let run: QueryRun
        fileprivate let candidate: Candidate
        fileprivate let segment: SegmentBox?

        func add(to aggregation: AggregationRun) throws(StoreError) {
            if let index = candidate.pending {
                let block = run.view.pending[index]
                return aggregation.add(FilteredBlock(block: block, flows: .init(run.filter.bound(to: block.names))))
            }
            if run.filter.isAlwaysTrue, aggregation.needsOnlyTotals(candidate.row) {
                let hot = try segment!.decodeHot(candidate.row, [.lengths])
                return aggregation.addTotals(hot, candidate.row)
            }
            let hot = try segment!.decodeHot(candidate.row, [.flows])
            let flows = FilteredBlock.Flows(hot, run.filter.bound(to: hot.names))
            if flows.areNone { return }
            if aggregation.needsOnlyHot(flows, candidate.row) {
                let flags: [HotPart] = flows.tests.contains { $0.column == .flags } ? [.flags] : []
                try segment!.prepare(hot, [.times, .flowNumbers, .lengths] + flags, candidate.row)
                return aggregation.add(hot, flows, rate: UInt32(clamping: candidate.row.leastRate))
            }
            aggregation.add(FilteredBlock(block: try segment!.addCold(hot, candidate.row), flows: flows))
        }
    }

    /// Calls `body` with each block in range; what cannot be read becomes a gap.
    mutating func visit(_ shouldStop: () -> Bool, _ body: (Visit) throws(StoreError) -> Void) {
        for candidate in candidates {
            if shouldStop() {
                result.stopped = .cancelled
                return
            }
            result.decoded += 1
            do {
                let segment = candidate.pending == nil ? try open(segment: candidate.segment) : nil
                try body(Visit(run: self, candidate: candidate, segment: segment))
            } catch {
                noteUnreadable(candidate, error)
            }
        }
    }
}
