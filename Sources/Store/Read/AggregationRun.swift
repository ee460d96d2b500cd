internal import CHdrlog
internal import Filter
internal import Records

/// One aggregation under way: block by block, by flow wherever a flow's records are all in or all out.
final class AggregationRun {
    private let question: Aggregation
    private let table: GroupTable
    private let key = GroupKey()
    private let byFlow: Bool
    private var sums: [AggregateSums] = []

    init(_ question: Aggregation) {
        self.question = question
        table = GroupTable(most: question.mostGroups)
        byFlow = question.fields.allSatisfy(\.isFlowField)
    }

    func result(_ completeness: QueryResult) -> AggregateResult { table.result(question, completeness) }

    /// Adds a block of which only the hot part is needed.
    func add(_ hot: HotBlock, _ flows: FilteredBlock.Flows, rate: UInt32) {
        sums = [AggregateSums](repeating: AggregateSums(), count: hot.flows.entries.count)
        let (start, end) = bounds(hot)
        var at = start
        while at < end {
            let stop = question.bucket.map { bucketEnd(hot, at, end, $0) } ?? end
            accumulate(hot, at, stop, rate, flows.tests)
            fold(hot, flows, bucket: question.bucket.map { floorTime(hot.times[at], $0) })
            at = stop
        }
    }

    /// Whether a block can be added without its cold part.
    func needsOnlyHot(_ flows: FilteredBlock.Flows, _ row: BlockRow) -> Bool {
        byFlow && row.leastRate == row.greatestRate && !flows.verdicts.contains(.depends)
    }

    private func bounds(_ hot: HotBlock) -> (Int, Int) {
        (lowerBound(hot, question.range.lowerBound), lowerBound(hot, question.range.upperBound))
    }

    /// The first record not before a time.
    private func lowerBound(_ hot: HotBlock, _ time: Int64) -> Int {
        var (low, high) = (0, hot.count)
        while low < high {
            let middle = (low + high) / 2
            if hot.times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func floorTime(_ time: Int64, _ bucket: Int64) -> Int64 {
        let rest = time % bucket
        return time - (rest < 0 ? rest + bucket : rest)
    }

    private func bucketEnd(_ hot: HotBlock, _ at: Int, _ end: Int, _ bucket: Int64) -> Int {
        let next = floorTime(hot.times[at], bucket).addingReportingOverflow(bucket)
        return next.overflow ? end : min(end, lowerBound(hot, next.partialValue))
    }

    private func accumulate(_ hot: HotBlock, _ start: Int, _ end: Int, _ rate: UInt32, _ tests: [HotTest]) {
        let (numbers, lengths, times) = (hot.flowNumbers, hot.lengths, hot.times)
        sums.withUnsafeMutableBufferPointer { sums in
            let base = sums.baseAddress!
            for index in start..<end {
                if !tests.isEmpty, !tests.allSatisfy({ $0.holds(hot, index) }) { continue }
                base[Int(numbers[index])].add(length: lengths[index], rate: rate, time: times[index])
            }
        }
    }

    private func fold(_ hot: HotBlock, _ flows: FilteredBlock.Flows, bucket: Int64?) {
        for flow in sums.indices where sums[flow].records > 0 {
            if flows.verdicts[flow] == .yes {
                key.begin(bucket: bucket)
                appendFields(hot, flow)
                table.add(key, sums[flow])
            }
            sums[flow] = AggregateSums()
        }
    }

    private func appendFields(_ hot: HotBlock, _ flow: Int) {
        guard !question.fields.isEmpty else { return }
        var metadata = FlowKeyBytes.metadata(hot.flows.key(flow))
        metadata.frame_length = UInt32(Int32.max)
        let record = HeaderRecord(time: 0, metadata: metadata, bytes: hot.flows.template(flow))
        appendFields(record, hot.names)
    }

    private func appendFields(_ record: HeaderRecord, _ names: [UInt32: String]) {
        let layout = HeaderLayout(record)
        for field in question.fields { key.append(record.value(of: field, layout), names) }
    }

    /// Adds a block record by record: one in memory, with several rates, or of which only records can tell.
    func add(_ filtered: FilteredBlock) {
        for index in 0..<filtered.block.count {
            let time = filtered.block.time(at: index)
            guard question.range.contains(time), filtered.selects(index) else { continue }
            let record = filtered.block.record(at: index)
            key.begin(bucket: question.bucket.map { floorTime(time, $0) })
            if !question.fields.isEmpty { appendFields(record, filtered.block.names) }
            var one = AggregateSums()
            one.add(length: record.metadata.frame_length, rate: record.metadata.rate, time: time)
            table.add(key, one)
        }
    }
}
