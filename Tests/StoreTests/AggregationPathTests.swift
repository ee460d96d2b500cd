import CHdrlog
import Filter
import Records
import Store
import StoreFixtures
import Testing

/// Whatever way a block is added (by class, column, flow or record), the sums are those of its records.
@Suite("Ways of aggregation")
struct AggregationPathTests {
    let scratch = ScratchDirectory()
    private let start: Int64 = 1_700_000_000_000_000_000

    private static let filters = [
        "", "tcp", "udp or icmp", "not tcp", "port 443", "src port 443 or dst portrange 1-1023", "ip6", "vlan",
        "tcpFlags & 2 != 0", "tcpFlags & 2 == 0", "tcp and tcpFlags == 16", "frameLength > 500",
        "port 443 and frameLength <= 100", "ttl > 60", "ttl < 65 and tcp", "tcp and window > 1000",
        "tcpFlags & 2 != 0 and port 443", "udp and tcpFlags == 0", "net 10.0.0.0/8", "inbound and not udp",
    ]
    private static let groups: [[Field]] = [
        [], [.source], [.destination, .destinationPort], [.protocol], [.protocol, .sourcePort], [.ttl, .ipVersion],
        [.sourceMac], [.flowLabel, .source], [.frameLength], [.interface, .direction], [.tcpFlags], [.etherType],
    ]
    private static let buckets: [Int64?] = [nil, nil, 1_000_000_000_000, 1_000_000, 100_000]

    private func store(_ count: Int, flows: Int, blockRecords: Int) throws -> StoreWriter {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, blockRecords)
        let writer = try StoreWriter.open(
            directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: start
        ).writer
        var shape = SyntheticTraffic.Shape()
        (shape.flows, shape.start) = (flows, start)
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: count * 160)
        traffic.fill(chunk, count: count)
        writer.append(chunk, now: start)
        return writer
    }

    /// One group's key as text, so that groups may be compared as dictionaries.
    private func expected(_ reader: StoreReader, _ question: Aggregation) throws -> [String: UInt64] {
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        var sums: [String: UInt64] = [:]
        _ = try reader.query(query) { record, interface in
            let copy = copy record
            let layout = copy.layout
            var key = question.bucket.map { "\(copy.time / $0 * $0)" } ?? "-"
            for field in question.fields { key += " " + text(copy.value(of: field, layout), interface) }
            sums[key, default: 0] += UInt64(copy.metadata.frame_length)
            return true
        }
        return sums
    }

    private func text(_ value: FieldValue?, _ interface: String) -> String {
        switch value {
        case nil: "none"
        case .integer(let number)?: "\(number)"
        case .address(let address)?: "\(address.high) \(address.low)"
        case .mac(let mac)?: "\(mac.value)"
        case .boolean(let flag)?: "\(flag)"
        case .direction(let direction)?: "\(direction.rawValue)"
        case .interface?: interface
        default: "other"
        }
    }

    private func text(_ value: GroupValue) -> String {
        switch value {
        case .none: "none"
        case .integer(let number): "\(number)"
        case .address(let address): "\(address.high) \(address.low)"
        case .mac(let mac): "\(mac.value)"
        case .boolean(let flag): "\(flag)"
        case .direction(let direction): "\(direction.rawValue)"
        case .interface(let name): name
        default: "other"
        }
    }

    @Test("random questions have the sums of the records that the same query delivers")
    func agree() throws {
        let writer = try store(6000, flows: 200, blockRecords: 700)
        try check(writer.reader)
    }

    @Test("so they do where a sealed segment's rollup answers")
    func agreeByRollup() throws {
        let writer = try store(4000, flows: 50, blockRecords: 100)
        writer.close(now: start + 1)
        #expect(scratch.segmentsHaveRollups)
        try check(StoreReader(directory: scratch.path))
    }

    private func check(_ reader: StoreReader) throws {
        var random = Random(seed: 42)
        func pick<T>(_ all: [T]) -> T { all[Int(random.next() % UInt64(all.count))] }
        for round in 0..<300 {
            var question = Aggregation()
            let filter = pick(Self.filters)
            question.filter = try FilterExpression(parsing: filter)
            question.fields = pick(Self.groups)
            question.bucket = pick(Self.buckets)
            if round % 2 == 1 {
                let from = start + Int64(random.next() % 10_000_000)
                question.range = from..<(from + Int64(random.next() % 10_000_000))
            }
            let result = try reader.aggregate(question, threads: 1 + round % 3)
            let found = Dictionary(
                uniqueKeysWithValues: result.groups.map { group in
                    let key = group.values.reduce(group.bucket.map { "\($0)" } ?? "-") { $0 + " " + text($1) }
                    return (key, group.sums.bytes)
                })
            let wanted = try expected(reader, question)
            #expect(found == wanted, "\(filter), \(question.fields), bucket \(question.bucket ?? 0)")
        }
    }
}
