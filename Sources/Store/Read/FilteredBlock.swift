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

        /// Needs the block's ends.
        init(_ hot: HotBlock, _ filter: CompiledFilter) {
            self.filter = filter
            let question = FlowQuestion(filter, hot.classes)
            tests = question.tests
            verdicts = question.verdicts(hot.ends, hot.classes)
        }

        var areNone: Bool { verdicts.allSatisfy { $0 == .no } }
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
