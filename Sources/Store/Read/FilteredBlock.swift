internal import CHdrlog
internal import Filter
internal import Records

/// A block and what a filter says of it: of a flow as a whole where that is possible, else record by record.
struct FilteredBlock {
    let block: DecodedBlock
    let flows: Flows

    /// A filter's answers, one a flow, and what is left to be asked of the records of those that pass.
    struct Flows {
        let filter: CompiledFilter
        /// Empty when the flows are not known (records in memory).
        private(set) var verdicts: [Verdict] = []
        /// Comparisons of hot columns that the records of flows with `.yes` have to pass, too.
        private(set) var tests: [HotTest] = []

        init(_ filter: CompiledFilter) { self.filter = filter }

        init(_ hot: HotBlock, _ filter: CompiledFilter) {
            self.filter = filter
            let (flowPart, rest) = filter.split
            let tests = HotTest.all(of: rest)
            self.tests = tests ?? []
            let asked = tests == nil ? filter : flowPart
            let needsTCP = self.tests.contains { $0.column == .flags }
            verdicts = hot.flows.entries.indices.map { flow in
                if needsTCP, hot.flows.entries[flow].shape.transport != .tcp { return .no }
                return asked.isAlwaysTrue ? .yes : Self.verdict(hot.flows, flow, asked)
            }
        }

        var areNone: Bool { verdicts.allSatisfy { $0 == .no } }

        /// Lengths are cleared in a template, and a length may be what ended a malformed packet's walk: of such flows
        /// nothing is said as a whole.
        private static func verdict(_ table: FlowTable, _ flow: Int, _ filter: CompiledFilter) -> Verdict {
            var metadata = FlowKeyBytes.metadata(table.key(flow))
            guard metadata.malformed == 0 || table.entries[flow].shape.transport != .other else { return .depends }
            metadata.frame_length = UInt32(Int32.max)
            let record = HeaderRecord(time: 0, metadata: metadata, bytes: table.template(flow))
            return filter.verdict(for: FlowKey(record, HeaderLayout(record)))
        }
    }

    /// Whether the filter selects a record.
    func selects(_ index: Int) -> Bool {
        if flows.filter.isAlwaysTrue { return true }
        if let flow = block.flow(at: index) {
            switch flows.verdicts[flow] {
            case .yes: return flows.tests.isEmpty || block.passes(flows.tests, index)
            case .no: return false
            case .depends: break
            }
        }
        let record = block.record(at: index)
        return flows.filter.matches(record, HeaderLayout(record))
    }
}
