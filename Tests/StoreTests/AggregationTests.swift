import CHdrlog
import Filter
import Records
import Store
import StoreFixtures
import Testing

/// The engine's sums against sums made by hand over the same records.
@Suite("Aggregation")
struct AggregationTests {
    let scratch = ScratchDirectory()
    private let start: Int64 = 1_700_000_000_000_000_000

    private func store(_ count: Int) throws -> (StoreWriter, RecordChunk) {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 1000)
        let writer = try StoreWriter.open(
            directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: start
        ).writer
        var shape = SyntheticTraffic.Shape()
        (shape.flows, shape.start) = (300, start)
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: count * 160)
        traffic.fill(chunk, count: count)
        writer.append(chunk, now: start)
        return (writer, chunk)
    }

    private func byHand(_ chunk: RecordChunk, _ key: (HeaderRecord, HeaderLayout) -> GroupValue?) -> [GroupValue:
        UInt64]
    {
        var sums: [GroupValue: UInt64] = [:]
        chunk.forEach({ record in
            let copy = copy record
            if let value = key(copy, copy.layout) { sums[value, default: 0] += UInt64(copy.metadata.frame_length) }
        })
        return sums
    }

    @Test("top sources by bytes, from blocks and from memory")
    func top() throws {
        let (writer, chunk) = try store(4500)
        var question = Aggregation()
        (question.fields, question.measure, question.limit) = ([.source], .bytes, 10)
        let result = try writer.reader.aggregate(question)
        let expected = byHand(chunk) { record, layout in record.source(layout).map { .address($0) } }
        #expect(result.groupCount == expected.count)
        for threads in [2, 3, 9] {
            #expect(try writer.reader.aggregate(question, threads: threads).groups == result.groups)
        }
        #expect(result.total.records == 4500)
        #expect(result.groups.map(\.sums.bytes) == Array(expected.values.sorted(by: >).prefix(10)))
        for group in result.groups { #expect(expected[group.values[0]] == group.sums.bytes) }
    }

    @Test("fields that differ within a flow, a filter on flags, a range")
    func perRecord() throws {
        let (writer, chunk) = try store(4500)
        var question = Aggregation()
        question.fields = [.frameLength]
        question.filter = try FilterExpression(parsing: "tcpFlags & 2 != 0")
        question.range = start..<(start + 5_000_000)
        let result = try writer.reader.aggregate(question)
        let range = question.range
        let expected = byHand(chunk) { record, layout in
            guard range.contains(record.time), record.tcpFlags(layout)?.rawValue ?? 0 & 2 != 0,
                record.tcpFlags(layout)!.rawValue & 2 != 0
            else { return nil }
            return .integer(UInt64(record.metadata.frame_length))
        }
        #expect(!expected.isEmpty)
        #expect(Dictionary(uniqueKeysWithValues: result.groups.map { ($0.values[0], $0.sums.bytes) }) == expected)
    }

    @Test("time buckets come in order and add up")
    func buckets() throws {
        let (writer, chunk) = try store(4500)
        var question = Aggregation()
        question.bucket = 1_000_000
        let result = try writer.reader.aggregate(question)
        let expected = byHand(chunk) { record, _ in .time(record.time / 1_000_000 * 1_000_000) }
        #expect(result.groups.map(\.bucket) == result.groups.map(\.bucket).sorted { $0! < $1! })
        #expect(result.groups.count == expected.count)
        for group in result.groups { #expect(expected[.time(group.bucket!)] == group.sums.bytes) }
    }

    @Test("no more groups are kept than allowed, and the rest is told")
    func bounded() throws {
        let (writer, _) = try store(4500)
        var question = Aggregation()
        (question.fields, question.mostGroups) = ([.source, .destination, .interface], 50)
        let result = try writer.reader.aggregate(question)
        #expect(result.groupCount == 50)
        #expect(result.rest.records > 0)
        #expect(result.groups.reduce(0) { $0 + $1.sums.records } + result.rest.records == 4500)
    }
}
