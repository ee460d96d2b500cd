internal import Filter
internal import Records

/// What a check of all blocks found.
public struct VerifyReport: Sendable, Equatable {
    public var segments = 0
    public var blocks = 0
    public var records: Int64 = 0
    /// Sound ones, of flows and counters.
    public var intervals = 0
    public var findings: [Finding] = []

    public struct Finding: Sendable, Equatable {
        public var segment: String
        /// Nil when the segment as a whole cannot be read.
        public var block: Int64?
        public var what: String
    }
}

extension StoreReader {
    /// Reads and decodes every block of every segment, flows and counters included.
    /// - Parameter shouldStop: asked before each block.
    public func verify(shouldStop: () -> Bool = { false }) throws(StoreError) -> VerifyReport {
        var report = VerifyReport()
        let segments = OpenSegments(directory)
        let view = try view(segments)
        report.findings = view.unreadable.map { .init(segment: $0.name, block: nil, what: $0.reason) }
        for info in view.segments {
            report.segments += 1
            do {
                try verify(segments.reader(info), shouldStop, &report)
            } catch {
                report.findings.append(.init(segment: info.name, block: nil, what: error.description))
            }
        }
        let flows = try FlowReader(directory: directory.path).verify(shouldStop: shouldStop)
        report.intervals = flows.sound
        report.findings += flows.damage.map { .init(segment: $0.segment, block: nil, what: $0.problem) }
        return report
    }

    private func verify(
        _ reader: SegmentReader, _ shouldStop: () -> Bool, _ report: inout VerifyReport
    ) throws(StoreError) {
        let info = reader.info
        let rows = try reader.rows(overlapping: Int64.min..<Int64.max)
        for number in rows.damaged {
            report.findings.append(.init(segment: info.name, block: number, what: "the row's checksum is wrong"))
        }
        let box = SegmentBox(0, reader)
        if let rollup = reader.rollup() {
            do throws(StoreError) {
                if rollup.isSound { try box.check(rollup: rollup.row) }
            } catch {
                report.findings.append(.init(segment: info.name, block: nil, what: error.description))
            }
            if !rollup.isSound {
                report.findings.append(.init(segment: info.name, block: nil, what: "the rollup's row: its checksum"))
            }
        }
        let everything = CompiledFilter(.all)
        for row in rows.sound where !shouldStop() {
            report.blocks += 1
            do throws(StoreError) {
                let all = try box.decode(row, .min ..< .max, everything, .ascending)
                // With the last record all those before it are rebuilt.
                if let all, let last = all.candidates.last { _ = try all.block.record(at: Int(last)) }
                report.records += Int64(all?.block.count ?? 0)
                try box.check(filter: row)
            } catch {
                report.findings.append(.init(segment: info.name, block: row.number, what: error.description))
            }
        }
    }
}
