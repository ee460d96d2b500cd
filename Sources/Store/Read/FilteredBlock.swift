internal import CHdrlog
internal import Filter
internal import Records

/// A block and what a filter says of it: of a flow as a whole where that is possible, else record by record.
struct FilteredBlock {
    let block: DecodedBlock
    let flows: Flows

    /// A filter's answers, one a flow.
    struct Flows {
        let filter: CompiledFilter
        /// Empty when the flows are not known (records in memory).
        private(set) var verdicts: [Verdict] = []

        init(_ filter: CompiledFilter) { self.filter = filter }

        init(_ hot: HotBlock, _ filter: CompiledFilter) {
            self.filter = filter
            let flows = hot.flows.entries.indices
            verdicts =
                filter.isAlwaysTrue
                ? flows.map { _ in .yes } : flows.map { Self.verdict(hot.flows, $0, filter) }
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
            case .yes: return true
            case .no: return false
            case .depends: break
            }
        }
        let record = block.record(at: index)
        return flows.filter.matches(record, HeaderLayout(record))
    }
}
