import CHdrlog
import Filter
import Foundation
import Records
import StoreFixtures
import Testing

@testable import Store

/// Another thread that reads the next blocks changes nothing but the time.
@Suite("Reading ahead")
struct ReadAheadTests {
    let scratch = ScratchDirectory()

    /// Some thirty blocks in several segments, and records that no block holds yet.
    private func store() throws -> StoreWriter {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords, limits.segmentMaxSize) = (0, 500, 128 << 10)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "a"], now: 1).writer
        var shape = SyntheticTraffic.Shape()
        shape.flows = 400
        var traffic = SyntheticTraffic(shape)
        for part in 0..<16 {
            let chunk = RecordChunk(capacity: 1 << 20)
            traffic.fill(chunk, count: 1010)
            writer.append(chunk, now: Int64(2 + part))
        }
        return writer
    }

    private func ask(
        _ reader: StoreReader, _ filter: String, _ threads: Int, _ change: (inout Query) -> Void
    ) throws -> ([Row], QueryResult) {
        var (query, rows) = (Query(), [Row]())
        query.filter = try FilterExpression(parsing: filter)
        change(&query)
        let result = try reader.query(query, threads: threads) { record, interface in
            rows.append(Row(record, interface))
            return true
        }
        return (rows, result)
    }

    @Test("the records, their order and the answer's worth are the same", arguments: [false, true])
    func equal(isDamaged: Bool) throws {
        let writer = try store()
        defer { writer.close(now: 100) }
        if isDamaged {
            let file = scratch.path + "/" + (try #require(scratch.segmentFiles.first))
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: file))
        }
        let reader = writer.reader
        #expect(try reader.segments().count > 2)
        let all = try ask(reader, "", 1) { _ in }.0
        let host = try #require(all.indices.lazy.compactMap { self.source(all[$0]) }.last)
        for filter in ["", "tcp", "port 443", "host \(host)", "udp and greater 500", "port 1"] {
            for (order, limit) in [
                (Query.Order.ascending, Int?.none), (.descending, nil), (.ascending, 700), (.descending, 3),
            ] {
                let answers = try [1, 2].map { threads in
                    try ask(reader, filter, threads) { ($0.order, $0.limit) = (order, limit) }
                }
                #expect(same(answers[0].0, answers[1].0), "\(filter), \(order), \(limit as Any)")
                let (one, two) = (answers[0].1, answers[1].1)
                #expect(one.decoded == two.decoded && one.cursor == two.cursor && one.stopped == two.stopped)
                #expect(one.unreadable == two.unreadable && one.gaps == two.gaps)
            }
        }
        #expect(try ask(reader, "", 2) { _ in }.1.unreadable.isEmpty != isDamaged)
    }

    private func source(_ row: Row) -> IPAddress? {
        row.bytes.withUnsafeBytes { bytes in
            let record = HeaderRecord(time: 0, metadata: .init(), bytes: bytes)
            return record.source(HeaderLayout(record))
        }
    }

    @Test("a receiver that has enough after some blocks ends the other thread, too")
    func ended() throws {
        let writer = try store()
        defer { writer.close(now: 100) }
        for most in [0, 1, 499, 501, 2000] {
            var count = 0
            let result = try writer.reader.query(Query(), threads: 2) { _, _ in
                count += 1
                return count <= most
            }
            #expect(count == most + 1 && result.stopped == .receiver)
        }
    }
}
