import CHdrlog
import Filter
import Foundation
import Records
import StoreFixtures
import Testing

@testable import Store

/// Sums, least and greatest values and numbers of different ones, beside the same done by hand.
@Suite("Computations of groups")
struct ComputationTests {
    let scratch = ScratchDirectory()

    private func store(_ count: Int) throws -> (StoreReader, RecordChunk) {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 2000)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: 1)
            .writer
        let chunk = RecordChunk(capacity: count * 160)
        var shape = SyntheticTraffic.Shape()
        shape.flows = 5000
        var traffic = SyntheticTraffic(shape)
        traffic.fill(chunk, count: count)
        writer.append(chunk, now: 2)
        writer.close(now: 3)
        return (StoreReader(directory: scratch.path), chunk)
    }

    @Test("each function is what it is by hand, group by group")
    func byHand() throws {
        let (reader, chunk) = try store(9000)
        var question = Aggregation()
        question.filter = try FilterExpression(parsing: "tcp")
        question.fields = [.destinationPort]
        let wanted: [(Computation.Function, Field)] = [
            (.sum, .totalLength), (.min, .ttl), (.max, .frameLength), (.distinct, .source), (.min, .time),
        ]
        question.computations = wanted.map { Computation($0, of: $1)! }
        var byHand: [UInt64: (sum: UInt64, min: UInt64, max: UInt64, sources: Set<String>, first: Int64)] = [:]
        var hasIPv6 = false
        chunk.forEach({ record in
            func number(_ field: Field) -> UInt64? {
                if case .integer(let number)? = record.value(of: field, record.layout) { number } else { nil }
            }
            guard number(.protocol) == 6, let port = number(.destinationPort) else { return }
            var one = byHand[port] ?? (0, .max, 0, [], .max)
            if number(.totalLength) == nil { hasIPv6 = true }
            one.sum += number(.totalLength) ?? 0
            one.min = min(one.min, number(.ttl)!)
            one.max = max(one.max, UInt64(record.metadata.frame_length))
            if case .address(let address)? = record.value(of: .source, record.layout) {
                one.sources.insert("\(address)")
            }
            one.first = min(one.first, record.time)
            byHand[port] = one
        })
        let result = try reader.aggregate(question)
        #expect(result.groups.count == byHand.count && hasIPv6)
        for group in result.groups {
            guard case .integer(let port) = group.values[0], let one = byHand[port] else {
                Issue.record("group \(group.values)")
                continue
            }
            #expect((group.computed[0].value ?? 0) == one.sum)
            #expect(group.computed[1].value == one.min && group.computed[2].value == one.max)
            #expect(group.computed[3] == ComputedValue(value: UInt64(one.sources.count)))
            #expect(group.computed[4].value == UInt64(one.first))
        }
        question.computations = []
        let plain = try reader.aggregate(question)
        #expect(result.groups.map(\.sums) == plain.groups.map(\.sums) && result.total == plain.total)
        #expect(result.groups.map(\.values) == plain.groups.map(\.values))
    }

    @Test("time buckets, limits and the order by bytes are those of other aggregations")
    func buckets() throws {
        let (reader, _) = try store(6000)
        var question = Aggregation()
        (question.fields, question.measure, question.limit) = ([.protocol, .interface], .bytes, 3)
        question.bucket = 1_000_000
        let plain = try reader.aggregate(question)
        question.computations = [Computation(.distinct, of: .destination)!]
        let result = try reader.aggregate(question)
        #expect(result.groups.map(\.values) == plain.groups.map(\.values))
        #expect(result.groups.map(\.bucket) == plain.groups.map(\.bucket) && result.groupCount == plain.groupCount)
    }

    @Test(
        "different values are counted one by one up to 1024, then estimated",
        arguments: [1, 1024, 5000, 50_000, 2_000_000])
    func distinct(count: Int) {
        var counter = DistinctCounter()
        for round in 0..<2 {
            for number in 0..<(round == 0 ? count : min(count, 1000)) {
                _ = withUnsafeBytes(of: UInt64(number)) { counter.add(XXHash64.hash($0)) }
            }
        }
        #expect(counter.isApproximate == (count > 1024))
        let error = abs(Double(counter.value) - Double(count)) / Double(count)
        #expect(count > 1024 ? error < 0.04 : error == 0, "\(counter.value) of \(count)")
        #expect(counter.memory <= 16 << 10)
    }

    @Test("functions of what is no number are refused")
    func refused() {
        #expect(Computation(.sum, of: .source) == nil && Computation(.min, of: .sourceMac) == nil)
        #expect(Computation(.distinct, of: .source) != nil && Computation(.sum, of: .time) == nil)
    }

    @Test("flows beyond what memory holds are let go, the least first, and their packets are told")
    func manyFlows() throws {
        let writer = try FlowWriter(directory: scratch.path, limits: StoreLimits(), now: 1)
        var random = Random(seed: 8)
        var packets: UInt64 = 0
        for number in 1...4 {
            let time = Int64(number) * 10_000_000_000
            var interval = RandomInterval.make(at: time, flows: 1000, &random)
            for index in interval.flows.indices { interval.flows[index].value.frames = index == 7 ? 50_000 : 1 }
            packets += interval.flows.reduce(0) { $0 + $1.value.frames }
            writer.append(interval, now: time)
        }
        var query = FlowQuery()
        (query.mostFlows, query.order, query.limit) = (500, .packets, 4)
        let answer = try FlowReader(directory: scratch.path).flows(query)
        #expect(answer.flows.map(\.flow.value.frames) == [50_000, 50_000, 50_000, 50_000])
        #expect(answer.packets + answer.rest == packets && answer.rest > 0 && answer.count <= 500)
        writer.close(now: 50_000_000_000)
    }
}

/// Margins of sampled estimates, beside what they are estimates of.
@Suite("Margins of estimates")
struct MarginTests {
    private static let second: Int64 = 1_000_000_000

    /// Logs each of 4,000 packets with a probability of 1 in `rate`, each tenth always.
    private func sample(rate: UInt64, _ random: inout Random, _ lengths: [UInt32]) throws -> AggregateResult {
        let scratch = ScratchDirectory(inMemory: true)
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 500)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, now: 1).writer
        let chunk = RecordChunk(capacity: 1 << 20)
        for (index, length) in lengths.enumerated() {
            let isKept = index % 10 == 0
            guard isKept || random.next() % rate == 0 else { continue }
            var record = hdrlog_record()
            (record.boot_ns, record.frame_length, record.captured, record.segments) = (UInt64(index), length, 14, 1)
            record.rate = isKept ? 1 : UInt32(rate)
            let bytes = withUnsafeBytes(of: record) { Array($0) } + [UInt8](repeating: 2, count: 12) + [0x88, 0xB5]
            bytes.withUnsafeBytes { #expect(chunk.append($0)) }
        }
        writer.append(chunk, now: 2)
        let result = try writer.reader.aggregate(Aggregation())
        var question = Aggregation()
        question.computations = [Computation(.sum, of: .frameLength)!]
        let computed = try writer.reader.aggregate(question)
        #expect(computed.total == result.total)
        #expect(computed.groups[0].computed[0].value == result.total.estimatedBytes)
        // The exact margin is never above the one that rests on the greatest length.
        #expect(computed.groups[0].computed[0].margin ?? 0 <= result.margins(result.total)!.bytes)
        writer.close(now: 3)
        return result
    }

    @Test("the true sums lie within the margins of 95 % of the samples, and those are not much wider than they must be")
    func coverage() throws {
        var random = Random(seed: 12)
        let lengths = (0..<4000).map { _ in random.next() % 3 == 0 ? UInt32(1514) : UInt32(60 + random.next() % 100) }
        let truth = (packets: 4000.0, bytes: Double(lengths.reduce(0) { $0 + UInt64($1) }))
        var (packets, bytes, widths, errors) = (0, 0, 0.0, 0.0)
        let rounds = 200
        for _ in 0..<rounds {
            let result = try sample(rate: 20, &random, lengths)
            let margins = try #require(result.margins(result.total))
            let error = Double(result.total.estimatedPackets) - truth.packets
            if abs(error) <= Double(margins.packets) { packets += 1 }
            if abs(Double(result.total.estimatedBytes) - truth.bytes) <= Double(margins.bytes) { bytes += 1 }
            widths += Double(margins.packets) / 1.96
            errors += error * error
        }
        // Of 200 samples 190 are to be expected, and fewer than 180 come once in a thousand times.
        #expect(packets >= 180, "\(packets) of \(rounds)")
        #expect(bytes >= 180, "\(bytes) of \(rounds)")
        let spread = (errors / Double(rounds)).squareRoot()
        #expect(widths / Double(rounds) < 1.3 * spread, "\(widths / Double(rounds)), spread \(spread)")
    }

    @Test("without sampling there are no margins")
    func exact() throws {
        let scratch = ScratchDirectory()
        let writer = try StoreWriter.open(directory: scratch.path, now: 1).writer
        let chunk = RecordChunk(capacity: 1 << 20)
        var traffic = SyntheticTraffic()
        traffic.fill(chunk, count: 100)
        writer.append(chunk, now: 2)
        let result = try writer.reader.aggregate(Aggregation())
        #expect(result.margins(result.total) == nil)
        writer.close(now: 3)
    }
}
