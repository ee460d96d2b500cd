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

        /// - Returns: false when a rollup cannot answer; then nothing has been added.
        func add(to aggregation: AggregationRun) throws(StoreError) -> Bool {
            if let index = candidate.pending {
                try aggregation.add(run.blocks.pending(index))
                return true
            }
            let (row, segment) = (candidate.row, segment!)
            let hot = try segment.open(row)
            let filter = run.blocks.filter.bound(to: hot.names)
            let classes = FlowQuestion(filter, hot.classes)
            if classes.isByClass, classes.classVerdicts.allSatisfy({ $0 == .no }) { return true }
            let way = aggregation.way(row, classes)
            if way == .classes {
                aggregation.addClasses(hot, classes, row)
                return true
            }
            guard candidate.rolledUp.isEmpty || way == .sums else { return false }
            var columns: [HotBlock.Part] = aggregation.isWhole(row) ? [.lengths] : [.times, .lengths]
            if classes.tests.contains(where: { $0.column == .flags }) { columns.append(.flags) }
            if way == .tests {
                try segment.prepare(hot, columns, row)
                aggregation.addTested(hot, classes, row)
                return true
            }
            let needsPorts = aggregation.usesPorts || !classes.isByClass
            try segment.prepare(hot, [needsPorts ? .ends : .addresses], row)
            let flows = FilteredBlock.Flows(hot, filter)
            if flows.areNone { return true }
            guard way != .records, !flows.verdicts.contains(.depends) else {
                guard candidate.rolledUp.isEmpty else { return false }
                if let filtered = try segment.select(row, hot, flows, run.range, .ascending) {
                    try aggregation.add(filtered)
                }
                return true
            }
            let parts = way == .sums ? [.sums] : columns + (way == .headers ? [.flowNumbers, .flows] : [.flowNumbers])
            try segment.prepare(hot, parts, row)
            aggregation.addFlows(hot, flows, row, way)
            return true
        }
    }

    /// Calls `body` with each block in range, or with a segment's rollup and, where that returns false or cannot be read,
    /// with the blocks behind it; what cannot be read becomes a gap.
    mutating func visit(_ shouldStop: () -> Bool, _ body: (Visit) throws(StoreError) -> Bool) {
        visit(candidates, shouldStop, body)
    }

    private mutating func visit(
        _ candidates: [Candidate], _ shouldStop: () -> Bool, _ body: (Visit) throws(StoreError) -> Bool
    ) {
        for candidate in candidates {
            if shouldStop() {
                result.stopped = .cancelled
                return
            }
            guard !candidate.rolledUp.isEmpty || blocks.mayHold(candidate) else { continue }
            do {
                let segment = candidate.pending == nil ? try blocks.segment(candidate.segment) : nil
                let isDone = try body(Visit(run: self, candidate: candidate, segment: segment))
                result.decoded += 1
                if isDone { continue }
            } catch {
                if candidate.rolledUp.isEmpty {
                    result.decoded += 1
                    noteUnreadable(candidate, error)
                }
            }
            visit(candidate.rolledUp, shouldStop, body)
        }
    }
}
