import CHdrlog
import Corpus
import Filter
import Records
import Store
import StoreFixtures
import Testing

/// Blocks that are not read hold nothing of what was asked for.
@Suite("Pruning of blocks")
struct PruningTests {
    let scratch = ScratchDirectory()

    private func store(_ chunk: RecordChunk, blockRecords: Int) throws -> StoreReader {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, blockRecords)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "a"], now: 1).writer
        writer.append(chunk, now: 2)
        writer.close(now: 3)
        return StoreReader(directory: scratch.path)
    }

    private func ask(_ reader: StoreReader, _ filter: String) throws -> QueryResult {
        var query = Query()
        query.filter = try FilterExpression(parsing: filter)
        return try reader.query(query) { _, _ in true }
    }

    /// Counts without the store's help.
    private func count(_ chunk: RecordChunk, _ filter: String) throws -> Int {
        let compiled = CompiledFilter(try FilterExpression(parsing: filter)).bound(to: [2: "a"])
        var count = 0
        chunk.forEach({ record in if compiled.matches(record, HeaderLayout(record)) { count += 1 } })
        return count
    }

    @Test("a port that few blocks have is looked for in these only")
    func ports() throws {
        var shape = SyntheticTraffic.Shape()
        shape.flows = 2000
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: 4 << 20)
        traffic.fill(chunk, count: 20_000)
        let reader = try store(chunk, blockRecords: 500)
        for filter in ["port 50000", "portrange 2000-2003", "src port 443", "port 9 or port 10", "tcp dst port 40001"] {
            let answer = try ask(reader, filter)
            #expect(answer.delivered == (try count(chunk, filter)), "\(filter)")
        }
        let rare = try ask(reader, "portrange 2000-2003")
        #expect(rare.decoded < rare.blocks / 2, "\(rare.decoded) of \(rare.blocks)")
    }

    @Test("whatever is malformed, no record is missed", .enabled(if: Corpus.isPresent, "\(Corpus.absence)"))
    func corpus() throws {
        let chunk = RecordChunk(capacity: 64 << 20)
        try CorpusRecords.fill(chunk)
        let reader = try store(chunk, blockRecords: 2000)
        let filters = [
            "port 53", "port 80", "udp port 123", "sctp port 2905", "portrange 5060-5070", "src port 0",
            "host 10.0.0.1", "host ::1", "arp host 192.168.1.1", "sourcePort = 1024", "destinationPort < 20",
        ]
        for filter in filters {
            #expect(try ask(reader, filter).delivered == (try count(chunk, filter)), "\(filter)")
        }
    }

    /// The records that a filter selects, from the chunk itself, by time.
    private func selected(_ chunk: RecordChunk, _ filter: String, _ range: Range<Int64>) throws -> [Row] {
        let compiled = CompiledFilter(try FilterExpression(parsing: filter)).bound(to: [2: "a"])
        var rows: [Row] = []
        chunk.forEach({ record in
            if range.contains(record.time), compiled.matches(record, HeaderLayout(record)) {
                rows.append(Row(record, "a"))
            }
        })
        return rows.sorted { $0.time < $1.time }
    }

    @Test(
        "records come back the same when those of other flows are passed over",
        arguments: [Query.Order.ascending, .descending])
    func passedOver(order: Query.Order) throws {
        var shape = SyntheticTraffic.Shape()
        shape.flows = 3000
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: 4 << 20)
        traffic.fill(chunk, count: 20_000)
        try checkPassedOver(chunk, order)
    }

    @Test(
        "records of the corpus come back the same when those of other flows are passed over",
        .enabled(if: Corpus.isPresent, "\(Corpus.absence)"), arguments: [Query.Order.ascending, .descending])
    func passedOverOfCorpus(order: Query.Order) throws {
        let chunk = RecordChunk(capacity: 64 << 20)
        try CorpusRecords.fill(chunk)
        try checkPassedOver(chunk, order)
    }

    private func checkPassedOver(_ chunk: RecordChunk, _ order: Query.Order) throws {
        let reader = try store(chunk, blockRecords: 5000)
        var (filters, times): ([String], [Int64]) = ([], [])
        var number = 0
        chunk.forEach({ record in
            number += 1
            times.append(record.time)
            guard number % (chunk.count / 8) == 0, let source = record.source(HeaderLayout(record)) else { return }
            filters.append("host \(source)")
        })
        times.sort()
        let (start, end) = (times[times.count / 3], times[times.count / 2])
        filters += ["udp", "icmp or esp", "ip6", "tcp flags syn and port 80", "port 443 and window > 1000", "ttl < 60"]
        for filter in filters {
            for range in [Int64.min..<Int64.max, start..<end] {
                var query = Query()
                (query.filter, query.range, query.order) = (try FilterExpression(parsing: filter), range, order)
                let rows = try reader.rows(query).sorted { $0.time < $1.time }
                #expect(same(rows, try selected(chunk, filter, range)), "\(filter) in \(range)")
            }
        }
        #expect(try selected(chunk, filters[0], Int64.min..<Int64.max).count > 0)
    }
}
