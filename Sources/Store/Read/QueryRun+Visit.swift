internal import Filter

/// What aggregations need of a query: its blocks, in any order, by several threads.
extension QueryRun {
    /// Runs of neighbouring blocks about equal in number, as runs of their own that share nothing that changes.
    func split(_ parts: Int) -> [QueryRun] {
        let share = max(1, (candidates.count + parts - 1) / parts)
        return stride(from: 0, to: max(candidates.count, 1), by: share).map { start in
            var part = self
            part.candidates = Array(candidates[start..<min(start + share, candidates.count)])
            part.blocks = blocks.another()
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
                return try aggregation.add(run.blocks.pending(index))
            }
            let (row, segment) = (candidate.row, segment!)
            let hot = try segment.open(row)
            let filter = run.blocks.filter.bound(to: hot.names)
            let classes = FlowQuestion(filter, hot.classes)
            if classes.isByClass, classes.classVerdicts.allSatisfy({ $0 == .no }) { return }
            let way = aggregation.way(row, classes)
            if way == .classes { return aggregation.addClasses(hot, classes, row) }
            var columns: [HotBlock.Part] = aggregation.isWhole(row) ? [.lengths] : [.times, .lengths]
            if classes.tests.contains(where: { $0.column == .flags }) { columns.append(.flags) }
            if way == .tests {
                try segment.prepare(hot, columns, row)
                return aggregation.addTested(hot, classes, row)
            }
            try segment.prepare(hot, [.ends], row)
            let flows = FilteredBlock.Flows(hot, filter)
            if flows.areNone { return }
            guard way != .records, !flows.verdicts.contains(.depends) else {
                guard let filtered = try segment.select(row, hot, flows, run.range, .ascending) else { return }
                return try aggregation.add(filtered)
            }
            let parts = way == .sums ? [.sums] : columns + (way == .headers ? [.flowNumbers, .flows] : [.flowNumbers])
            try segment.prepare(hot, parts, row)
            aggregation.addFlows(hot, flows, row, way)
        }
    }

    /// Calls `body` with each block in range; what cannot be read becomes a gap.
    mutating func visit(_ shouldStop: () -> Bool, _ body: (Visit) throws(StoreError) -> Void) {
        for candidate in candidates {
            if shouldStop() {
                result.stopped = .cancelled
                return
            }
            guard blocks.mayHold(candidate) else { continue }
            result.decoded += 1
            do {
                let segment = candidate.pending == nil ? try blocks.segment(candidate.segment) : nil
                try body(Visit(run: self, candidate: candidate, segment: segment))
            } catch {
                noteUnreadable(candidate, error)
            }
        }
    }
}
