internal import CHdrlog
internal import Filter
internal import Records

/// One aggregation under way: block by block, by class or by flow wherever all of its records are in or out.
final class AggregationRun {
    private let question: Aggregation
    private let table: GroupTable
    private let key = GroupKey()
    private let sums = BlockSums()
    /// What has to be known of a flow to tell its group.
    private let level: Level
    /// Whether ports tell groups apart.
    let usesPorts: Bool

    private enum Level { case classes, ends, headers, records }

    /// How a block can be added, from the least work to the most.
    enum Way {
        /// By the sums of its classes.
        case classes
        /// By the sums of its flows, with addresses and ports.
        case sums
        /// In one pass over the columns that are tested, whatever the flows.
        case tests
        /// By flow, with addresses and ports.
        case ends
        /// By flow, with all header bytes.
        case headers
        case records

        /// Whether no record has to be looked at.
        var isBySums: Bool { self == .classes || self == .sums }
    }

    init(_ question: Aggregation) {
        self.question = question
        table = GroupTable(most: question.mostGroups)
        usesPorts = question.fields.contains { $0 == .sourcePort || $0 == .destinationPort }
        level =
            question.fields.allSatisfy(\.isClassField)
            ? .classes
            : question.fields.allSatisfy(\.isEndField)
                ? .ends : question.fields.allSatisfy(\.isFlowField) ? .headers : .records
    }

    func result(_ completeness: QueryResult) -> AggregateResult { table.result(question, completeness) }

    /// Adds what another run has counted.
    func take(_ other: AggregationRun) { table.take(other.table) }

    /// What is needed of a block as far as its classes can tell.
    func way(_ row: BlockRow, _ flows: FlowQuestion) -> Way {
        guard level != .records, row.leastRate == row.greatestRate else { return .records }
        if flows.isByClass {
            if flows.classVerdicts.contains(.depends) { return .records }
            let isByFlags = flows.tests.allSatisfy { $0.column == .flags }
            if level == .classes, isByFlags, isWhole(row) { return .classes }
            if question.fields.isEmpty, isSettledByTests(flows) { return .tests }
        }
        if level == .headers { return .headers }
        return flows.tests.isEmpty && isWhole(row) ? .sums : .ends
    }

    /// Whether all of a block's records are in range and in one bucket.
    func isWhole(_ row: BlockRow) -> Bool {
        guard row.first >= question.range.lowerBound, row.last < question.range.upperBound else { return false }
        return question.bucket.map { floorTime(row.first, $0) == floorTime(row.last, $0) } ?? true
    }

    /// Whether a record that passes the tests is in a flow that does.
    private func isSettledByTests(_ flows: FlowQuestion) -> Bool {
        let needsTCP = flows.tests.contains { $0.column == .flags }
        guard needsTCP else { return !flows.classVerdicts.contains(.no) }
        return flows.tests.contains(where: \.refusesZeroFlags) && !flows.refusesTCP
    }

    /// Needs the block's classes.
    func addClasses(_ hot: HotBlock, _ flows: FlowQuestion, _ row: BlockRow) {
        let bucket = question.bucket.map { floorTime(row.first, $0) }
        let groups = FlowGroups(hot, question.fields, hasEnds: false, hasBucket: bucket != nil)
        var all = AggregateSums()
        for (number, entry) in hot.classes.entries.enumerated() where flows.classVerdicts[number] == .yes {
            let one = hot.classes.sum(of: entry, flows.tests, rate: UInt32(clamping: row.leastRate))
            guard one.records > 0 else { continue }
            if question.fields.isEmpty {
                all.add(one)
            } else {
                groups.write(classNumber: number, bucket, to: key)
                table.add(key, one)
            }
        }
        addAll(all, bucket)
    }

    /// Needs the tested columns and lengths, and the times unless the block is whole.
    func addTested(_ hot: HotBlock, _ flows: FlowQuestion, _ row: BlockRow) {
        sums.begin(hot)
        forEachBucket(hot, row) { records, bucket in
            let sum = sums.total(hot, records, flows.tests)
            addAll(
                AggregateSums(records: sum.records, bytes: sum.bytes, rate: UInt32(clamping: row.leastRate)), bucket)
        }
    }

    /// Needs ends (or flows, for `.headers`), and either sums (for `.sums`) or flow numbers, lengths, the tested
    /// columns, and the times unless the block is whole.
    func addFlows(_ hot: HotBlock, _ flows: FilteredBlock.Flows, _ row: BlockRow, _ way: Way) {
        let rate = UInt32(clamping: row.leastRate)
        sums.begin(hot)
        let groups = FlowGroups(
            hot, way == .headers ? [] : question.fields, hasEnds: way != .headers, hasBucket: question.bucket != nil)
        forEachBucket(hot, row) { records, bucket in
            if way == .sums { sums.take(hot.sums) } else { sums.add(hot, records, flows.tests) }
            var all = BlockSums.Entry()
            for flow in 0..<sums.count where sums.entries[flow].records > 0 {
                let one = sums.entries[flow]
                sums.entries[flow] = BlockSums.Entry()
                guard flows.verdicts[flow] == .yes else { continue }
                if question.fields.isEmpty {
                    all.records &+= one.records
                    all.bytes &+= one.bytes
                    continue
                }
                let more = AggregateSums(records: one.records, bytes: one.bytes, rate: rate)
                if way == .headers {
                    key.begin(bucket: bucket)
                    appendFields(hot, flow)
                    table.add(key, more)
                } else {
                    groups.add(flow: flow, bucket, more, to: table, key)
                }
            }
            addAll(AggregateSums(records: all.records, bytes: all.bytes, rate: rate), bucket)
        }
    }

    private func addAll(_ all: AggregateSums, _ bucket: Int64?) {
        guard all.records > 0 else { return }
        key.begin(bucket: bucket)
        table.add(key, all)
    }

    /// Calls `body` with the records in range, by bucket.
    private func forEachBucket(_ hot: HotBlock, _ row: BlockRow, _ body: (Range<Int>, Int64?) -> Void) {
        if isWhole(row) { return body(0..<hot.count, question.bucket.map { floorTime(row.first, $0) }) }
        let records = hot.records(in: question.range)
        let end = records.upperBound
        var at = records.lowerBound
        while at < end {
            let stop = question.bucket.map { bucketEnd(hot, at, end, $0) } ?? end
            body(at..<stop, question.bucket.map { floorTime(hot.times[at], $0) })
            at = stop
        }
    }

    private func floorTime(_ time: Int64, _ bucket: Int64) -> Int64 {
        let rest = time % bucket
        return time - (rest < 0 ? rest + bucket : rest)
    }

    private func bucketEnd(_ hot: HotBlock, _ at: Int, _ end: Int, _ bucket: Int64) -> Int {
        let next = floorTime(hot.times[at], bucket).addingReportingOverflow(bucket)
        return next.overflow ? end : min(end, hot.firstRecord(from: next.partialValue))
    }

    private func appendFields(_ hot: HotBlock, _ flow: Int) {
        var metadata = hot.flows.metadata(flow)
        metadata.frame_length = UInt32(Int32.max)
        let record = HeaderRecord(time: 0, metadata: metadata, bytes: hot.flows.template(flow))
        appendFields(record, hot.names)
    }

    private func appendFields(_ record: HeaderRecord, _ names: [UInt32: String]) {
        let layout = HeaderLayout(record)
        for field in question.fields { key.append(record.value(of: field, layout), names) }
    }

    /// Adds a block record by record: one in memory, with several rates, or of which only records can tell.
    func add(_ filtered: FilteredBlock) throws(StoreError) {
        for candidate in filtered.candidates where try filtered.selects(Int(candidate)) {
            let record = try filtered.block.record(at: Int(candidate))
            key.begin(bucket: question.bucket.map { floorTime(record.time, $0) })
            if !question.fields.isEmpty { appendFields(record, filtered.block.names) }
            var one = AggregateSums()
            one.add(length: record.metadata.frame_length, rate: record.metadata.rate)
            table.add(key, one)
        }
    }
}

extension ClassTable {
    /// The sum over a class's records that pass the tests, which are of TCP flags.
    fileprivate func sum(of entry: Entry, _ tests: [HotTest], rate: UInt32) -> AggregateSums {
        var (records, bytes): (UInt64, UInt64) = (0, 0)
        for sum in sums[entry.sums] where tests.allSatisfy({ $0.holds(UInt64(sum.flags)) }) {
            records &+= UInt64(sum.records)
            bytes &+= sum.bytes
        }
        return AggregateSums(records: records, bytes: bytes, rate: rate)
    }
}
