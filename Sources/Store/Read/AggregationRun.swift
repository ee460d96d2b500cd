internal import CHdrlog
internal import Filter
internal import Records

/// One aggregation under way: block by block, by flow wherever a flow's records are all in or all out.
final class AggregationRun {
    private let question: Aggregation
    private let table: GroupTable
    private let key = GroupKey()
    private let byFlow: Bool
    private let isByAddress: Bool
    private var partial: [Partial] = []

    init(_ question: Aggregation) {
        self.question = question
        table = GroupTable(most: question.mostGroups)
        isByAddress = question.fields.allSatisfy { $0 == .source || $0 == .destination }
        byFlow = question.fields.allSatisfy(\.isFlowField)
    }

    func result(_ completeness: QueryResult) -> AggregateResult { table.result(question, completeness) }

    /// Adds what another run has counted.
    func take(_ other: AggregationRun) { table.take(other.table) }

    /// Adds a block of which only the hot part is needed.
    func add(_ hot: HotBlock, _ flows: FilteredBlock.Flows, rate: UInt32) {
        partial = [Partial](repeating: Partial(), count: hot.flows.entries.count)
        let (start, end) = bounds(hot)
        var at = start
        while at < end {
            let stop = question.bucket.map { bucketEnd(hot, at, end, $0) } ?? end
            accumulate(hot, at, stop, rate, flows.tests)
            fold(hot, flows, rate, bucket: question.bucket.map { floorTime(hot.times[at], $0) })
            at = stop
        }
    }

    /// Whether nothing but the number and lengths of a block's records counts.
    func needsOnlyTotals(_ row: BlockRow) -> Bool {
        guard question.fields.isEmpty, row.leastRate == row.greatestRate else { return false }
        guard row.first >= question.range.lowerBound, row.last < question.range.upperBound else { return false }
        return question.bucket.map { floorTime(row.first, $0) == floorTime(row.last, $0) } ?? true
    }

    func addTotals(_ hot: HotBlock, _ row: BlockRow) {
        var bytes: UInt64 = 0
        for index in 0..<hot.count { bytes &+= UInt64(hot.lengths[index]) }
        let rate = UInt64(row.leastRate)
        var sums = AggregateSums()
        (sums.records, sums.bytes) = (UInt64(hot.count), bytes)
        (sums.estimatedPackets, sums.estimatedBytes) = (sums.records * rate, bytes * rate)
        (sums.first, sums.last) = (row.first, row.last)
        key.begin(bucket: question.bucket.map { floorTime(row.first, $0) })
        table.add(key, sums)
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

    private func accumulate(
        _ hot: HotBlock, _ start: Int, _ end: Int, _ rate: UInt32, _ tests: [HotTest]
    ) {
        let (numbers, lengths, times) = (hot.flowNumbers, hot.lengths, hot.times)
        partial.withUnsafeMutableBufferPointer { partial in
            let base = partial.baseAddress!
            for index in start..<end {
                if !tests.isEmpty, !tests.allSatisfy({ $0.holds(hot, index) }) { continue }
                base[Int(numbers[index])].add(lengths[index], times[index])
            }
        }
    }

    /// A flow's sums within a block, small so that thousands of them stay in the cache.
    private struct Partial {
        var bytes: UInt64 = 0
        var first: Int64 = 0
        var last: Int64 = 0
        var records: UInt32 = 0

        /// Records come in order of time.
        @inline(__always)
        mutating func add(_ length: UInt32, _ time: Int64) {
            if records == 0 { first = time }
            last = time
            records &+= 1
            bytes &+= UInt64(length)
        }

        func sums(_ rate: UInt32) -> AggregateSums {
            var sums = AggregateSums()
            (sums.records, sums.bytes, sums.first, sums.last) = (UInt64(records), bytes, first, last)
            sums.estimatedPackets = UInt64(records) &* UInt64(rate)
            sums.estimatedBytes = bytes &* UInt64(rate)
            return sums
        }
    }

    private func fold(_ hot: HotBlock, _ flows: FilteredBlock.Flows, _ rate: UInt32, bucket: Int64?) {
        if question.fields.isEmpty { return foldAll(flows, rate, bucket) }
        for flow in partial.indices where partial[flow].records > 0 {
            if flows.verdicts[flow] == .yes {
                key.begin(bucket: bucket)
                appendFields(hot, flow)
                table.add(key, partial[flow].sums(rate))
            }
            partial[flow] = Partial()
        }
    }

    private func foldAll(_ flows: FilteredBlock.Flows, _ rate: UInt32, _ bucket: Int64?) {
        var all = AggregateSums()
        for flow in partial.indices where partial[flow].records > 0 {
            if flows.verdicts[flow] == .yes { all.add(partial[flow].sums(rate)) }
            partial[flow] = Partial()
        }
        guard all.records > 0 else { return }
        key.begin(bucket: bucket)
        table.add(key, all)
    }

    private func appendFields(_ hot: HotBlock, _ flow: Int) {
        if isByAddress { return appendAddresses(hot, flow) }
        var metadata = FlowKeyBytes.metadata(hot.flows.key(flow))
        metadata.frame_length = UInt32(Int32.max)
        let record = HeaderRecord(time: 0, metadata: metadata, bytes: hot.flows.template(flow))
        appendFields(record, hot.names)
    }

    /// Addresses lie where the flow's shape says: no walk over the headers is needed.
    private func appendAddresses(_ hot: HotBlock, _ flow: Int) {
        let shape = hot.flows.entries[flow].shape
        let template = hot.flows.template(flow)
        for field in question.fields {
            guard shape.network != .other else {
                key.append(nil, [:])
                continue
            }
            let (offset, width) = shape.addresses
            let start = field == .source ? offset : offset + width
            let bytes = UnsafeRawBufferPointer(rebasing: template[start..<(start + width)])
            key.append(.address(EndPoints.value(bytes)), [:])
        }
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
