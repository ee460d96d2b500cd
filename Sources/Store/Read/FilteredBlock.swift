internal import Filter
internal import Records

/// A block and which of its records a question is about, as far as flows and columns can tell.
struct FilteredBlock {
    let block: DecodedBlock
    /// Records that are in range and may be selected, by their numbers in ascending order.
    let candidates: [UInt32]
    private let filter: CompiledFilter
    private let doubt: Doubt

    /// Of which candidates the filter has to be asked.
    private enum Doubt {
        case none
        case all
        /// Those of flows with `.depends`.
        case flows([Verdict], HotBlock)
    }

    /// A filter's answers, one a flow, and what is left to be asked of the records of those that pass.
    struct Flows {
        let filter: CompiledFilter
        private(set) var verdicts: [Verdict]
        /// Comparisons of hot columns that the records of flows with `.yes` have to pass, too.
        private(set) var tests: [HotTest]

        /// Needs the block's ends.
        init(_ hot: HotBlock, _ filter: CompiledFilter) {
            self.filter = filter
            let question = FlowQuestion(filter, hot.classes)
            tests = question.tests
            verdicts = question.verdicts(hot.ends, hot.classes)
        }

        var areNone: Bool { verdicts.allSatisfy { $0 == .no } }

        /// Needs the block's times, flow numbers, and the columns that are tested.
        /// - Returns: the records in range that may be selected, by their numbers in ascending order.
        func candidates(_ hot: HotBlock, _ range: Range<Int64>) -> [UInt32] {
            let records = hot.records(in: range)
            let numbers = hot.flowNumbers
            return verdicts.withUnsafeBufferPointer { verdicts in
                [UInt32](unsafeUninitializedCapacity: records.count) { out, count in
                    for index in records {
                        let verdict = verdicts[Int(numbers[index])]
                        guard verdict != .no else { continue }
                        guard verdict == .depends || tests.allSatisfy({ $0.holds(hot, index) }) else { continue }
                        out.initializeElement(at: count, to: UInt32(truncatingIfNeeded: index))
                        count += 1
                    }
                }
            }
        }
    }

    /// - Parameter filter: bound to the block's names.
    init(memory block: DecodedBlock, _ range: Range<Int64>, _ filter: CompiledFilter) {
        self.block = block
        self.filter = filter
        doubt = filter.isAlwaysTrue ? .none : .all
        candidates = (0..<block.count).filter { range.contains(block.time(at: $0)) }.map { UInt32($0) }
    }

    init(_ block: DecodedBlock, _ hot: HotBlock, _ candidates: [UInt32], _ flows: Flows) {
        self.block = block
        self.candidates = candidates
        filter = flows.filter
        doubt = flows.verdicts.contains(.depends) ? .flows(flows.verdicts, hot) : .none
    }

    /// Whether the filter selects a candidate.
    func selects(_ index: Int) throws(StoreError) -> Bool {
        switch doubt {
        case .none: return true
        case .flows(let verdicts, let hot) where verdicts[Int(hot.flowNumbers[index])] == .yes: return true
        case .flows, .all: break
        }
        let record = try block.record(at: index)
        return filter.matches(record, HeaderLayout(record))
    }
}
