import Filter
import Foundation
import Records
import Store
import StoreFixtures
import Testing

private let second: Int64 = 1_000_000_000
private let start: Int64 = 1_700_000_000 * second

private func limits(_ change: (inout StoreLimits) -> Void = { _ in }) -> StoreLimits {
    var limits = StoreLimits()
    limits.keepFree = 0
    limits.blockRecords = 1000
    change(&limits)
    return limits
}

@Suite("Store writer")
struct WriterTests {
    let scratch = ScratchDirectory()

    private func open(now: Int64 = start, _ limits: StoreLimits = limits()) throws -> (StoreWriter, RecoveryReport) {
        let (writer, report) = try StoreWriter.open(
            directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: now)
        return (writer, report)
    }

    private func chunk(_ count: Int, _ traffic: inout SyntheticTraffic) -> RecordChunk {
        let chunk = RecordChunk(capacity: count * 160)
        #expect(traffic.fill(chunk, count: count) == count)
        return chunk
    }

    private func traffic(seed: UInt64 = 1) -> SyntheticTraffic {
        var shape = SyntheticTraffic.Shape()
        shape.flows = 500
        shape.seed = seed
        shape.start = start
        return SyntheticTraffic(shape)
    }

    @Test("what is appended is read back bit for bit, in order of time, from memory and from blocks")
    func roundTrip() throws {
        let (writer, report) = try open()
        #expect(report.gap == nil)
        var traffic = traffic()
        let chunk = chunk(2500, &traffic)
        writer.append(chunk, now: start)
        #expect(same(try writer.reader.rows(), chunk.rows("eth0")))
        let total = try writer.reader.statistics()
        #expect(total.blocks == 2)
        writer.close(now: start + second)
        #expect(same(try StoreReader(directory: scratch.path).rows(), chunk.rows("eth0")))
    }

    @Test("a filter, a range, a limit and an order select the same as by hand")
    func selection() throws {
        let (writer, _) = try open()
        var traffic = traffic()
        let chunk = chunk(5500, &traffic)
        writer.append(chunk, now: start)
        var query = Query()
        query.filter = try FilterExpression(parsing: "tcp port 443")
        var expected: [Row] = []
        let filter = CompiledFilter(query.filter)
        chunk.forEach({ record in
            if filter.matches(record, record.layout) { expected.append(Row(record, "eth0")) }
        })
        #expect(expected.count > 100)
        #expect(same(try writer.reader.rows(query), expected))
        query.order = .descending
        query.limit = 50
        #expect(same(try writer.reader.rows(query), Array(expected.reversed().prefix(50))))
        query.order = .ascending
        query.limit = nil
        query.range = expected[10].time..<expected[20].time
        #expect(same(try writer.reader.rows(query), Array(expected[10..<20])))
    }

    @Test("a second query goes on behind the first by its cursor")
    func cursor() throws {
        let (writer, _) = try open()
        var traffic = traffic()
        let chunk = chunk(3000, &traffic)
        writer.append(chunk, now: start)
        var query = Query()
        query.limit = 700
        var rows: [Row] = []
        for _ in 0..<5 {
            let result = try writer.reader.query(query) { record, interface in
                rows.append(Row(record, interface))
                return true
            }
            query.cursor = result.cursor
        }
        #expect(same(rows, chunk.rows("eth0")))
    }

    @Test("a store that was not closed is recovered to its last flush, and the rest is told as a gap")
    func recovery() throws {
        var traffic = traffic()
        let first = chunk(1500, &traffic)
        try abandon(first)
        let (next, report) = try open(now: start + 10 * second)
        #expect(report.recovered == 500)
        #expect(report.unsealed.count == 1)
        #expect(report.gap == Gap(from: start + second, to: start + 10 * second, reason: .crashed))
        #expect(same(try next.reader.rows(), first.rows("eth0")))
        next.close(now: start + 11 * second)
        let (_, last) = try open(now: start + 12 * second)
        #expect(last.gap == Gap(from: start + 11 * second, to: start + 12 * second, reason: .notRunning))
        #expect(last.unsealed.isEmpty)
    }

    /// The tails' files, to be put back as they were.
    private func tails() throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in scratch.files where name.hasPrefix("tail-") {
            found[name] = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + name))
        }
        return found
    }

    private func putBack(_ tails: [String: Data]) throws {
        for (name, bytes) in tails { try bytes.write(to: URL(fileURLWithPath: scratch.path + "/" + name)) }
    }

    @Test("a kill between the commit of a block and the turn of its tail stores nothing twice")
    func committedBeforeTurn() throws {
        var traffic = traffic()
        let (first, rest) = (chunk(900, &traffic), chunk(101, &traffic))
        func write() throws -> [String: Data] {
            let (writer, _) = try open()
            writer.append(first, now: start)
            writer.flush(now: start + second)
            let before = try tails()
            writer.append(rest, now: start + second)
            return before
        }
        let before = try write()
        try putBack(before)
        let (next, report) = try open(now: start + 10 * second)
        #expect(report.recovered == 0)
        // The last one was in the next block, which had not been flushed.
        #expect(same(try next.reader.rows(), first.rows("eth0") + rest.rows("eth0").dropLast()))
        next.close(now: start + 11 * second)
    }

    @Test("a kill between the commit of what was taken over and the turn of its tail stores nothing twice")
    func takenOverBeforeTurn() throws {
        var traffic = traffic()
        let records = chunk(1500, &traffic)
        try abandon(records)
        let before = try tails()
        #expect(before.count == 2)
        for round in 1...Int64(3) {
            let (next, report) = try open(now: start + 10 * round * second)
            #expect(report.recovered == (round == 1 ? 500 : 0), "round \(round)")
            #expect(same(try next.reader.rows(), records.rows("eth0")))
            _ = consume next
            try putBack(before)
        }
        #expect(same(try StoreReader(directory: scratch.path).rows(), records.rows("eth0")))
    }

    /// Writes, flushes and forgets the writer: its files stay as a killed process leaves them.
    private func abandon(_ chunk: RecordChunk) throws {
        let (writer, _) = try open()
        writer.append(chunk, now: start)
        writer.flush(now: start + second)
    }

    @Test("segments end by size, and the oldest go when they are too old")
    func retention() throws {
        let limits = limits {
            $0.maxAge = 20 * second
            $0.segmentMaxSize = 512 << 10
            $0.blockRecords = 16_384
        }
        let (writer, _) = try open(limits)
        var traffic = traffic()
        let chunk = RecordChunk(capacity: 4 << 20)
        var now = start
        for _ in 0..<60 {
            traffic.fill(chunk, count: 16_384)
            now += second
            writer.append(chunk, now: now)
            writer.tick(now: now)
        }
        let deleted = writer.takeEvents().filter { if case .segmentDeleted = $0 { true } else { false } }
        #expect(!deleted.isEmpty)
        #expect(scratch.segmentFiles.count > 5)
        let tally = try writer.reader.statistics().total
        #expect(tally.received == 60 * 16_384)
        #expect(tally.lost == 0)
    }

    @Test("a damaged segment is set aside and reported, and the others answer")
    func damage() throws {
        let (writer, _) = try open()
        var traffic = traffic()
        writer.append(chunk(1000, &traffic), now: start)
        writer.rotate(now: start + second)
        writer.append(chunk(1000, &traffic), now: start + second)
        writer.close(now: start + 2 * second)
        let file = try #require(scratch.segmentFiles.first)
        try [UInt8](repeating: 0x5A, count: 8192).withUnsafeBytes {
            let handle = try #require(fopen(scratch.path + "/" + file, "r+"))
            fwrite($0.baseAddress, 1, $0.count, handle)
            fclose(handle)
        }
        let offline = try StoreReader(directory: scratch.path).query(Query()) { _, _ in true }
        #expect(offline.unreadable.map(\.name) == [file])
        #expect(offline.delivered == 1000)
        let (next, report) = try open(now: start + 3 * second)
        #expect(report.setAside.map(\.name) == [file])
        #expect(try next.reader.rows().count == 1000)
    }

    @Test("a second writer in the same directory is refused")
    func exclusive() throws {
        let (writer, _) = try open()
        #expect(throws: StoreError.inUse(path: scratch.path)) { _ = try open() }
        writer.close(now: start)
    }
}
