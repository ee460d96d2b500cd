import Foundation
import Records
import SQLite
import StoreFixtures
import Testing

@testable import Store

/// Whatever happens to a segment's bytes: what can be read is right, what cannot is told, and nothing crashes.
@Suite("Damage")
struct DamageTests {
    let scratch = ScratchDirectory()

    private func sealedSegment() throws -> (file: String, rows: [Row]) {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 500)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: 1)
            .writer
        var shape = SyntheticTraffic.Shape()
        shape.flows = 50
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: 1 << 20)
        traffic.fill(chunk, count: 3000)
        writer.append(chunk, now: 2)
        writer.close(now: 3)
        let file = try #require(scratch.segmentFiles.first)
        return (scratch.path + "/" + file, chunk.rows("eth0"))
    }

    @Test("flipped bits anywhere are found: every record delivered is right, and missing ones are told")
    func flippedBits() throws {
        let (file, rows) = try sealedSegment()
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        var random = Random(seed: 11)
        let known = Dictionary(uniqueKeysWithValues: rows.map { ($0.time, $0) })
        for trial in 0..<150 {
            var bad = good
            for _ in 0...(trial % 3) {
                bad[Int(random.next() % UInt64(bad.count))] ^= UInt8(1 << (random.next() % 8))
            }
            try bad.write(to: URL(fileURLWithPath: file))
            var wrong = 0
            let result = try StoreReader(directory: scratch.path).query(Query()) { record, interface in
                if known[record.time] != Row(record, interface) { wrong += 1 }
                return true
            }
            #expect(wrong == 0, "trial \(trial)")
            if result.delivered < rows.count {
                #expect(!result.unreadable.isEmpty || !result.gaps.isEmpty, "trial \(trial): \(result.delivered)")
            }
            _ = try StoreReader(directory: scratch.path).aggregate(Aggregation())
            let report = try StoreReader(directory: scratch.path).verify()
            #expect(report.records == Int64(result.delivered) || !report.findings.isEmpty, "trial \(trial)")
        }
    }

    @Test("a segment cut at any length is told, not shown as complete")
    func truncated() throws {
        let (file, rows) = try sealedSegment()
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        for length in stride(from: 1, to: good.count, by: 4096 * 3 + 17) {
            try good.prefix(length).write(to: URL(fileURLWithPath: file))
            let result = try StoreReader(directory: scratch.path).query(Query()) { _, _ in true }
            #expect(result.delivered < rows.count)
            #expect(!result.unreadable.isEmpty || !result.gaps.isEmpty, "length \(length)")
        }
    }

    @Test("a database of somebody else and a segment of a later version are told as what they are")
    func foreign() throws {
        let (file, _) = try sealedSegment()
        let other = scratch.path + "/headers-0000000000000000007.db"
        do {
            let connection = try Connection(path: other, mode: .create)
            try connection.execute("CREATE TABLE t (x)")
            let mine = try Connection(path: file, mode: .readWrite)
            try mine.execute("PRAGMA user_version = 99")
        }
        let result = try StoreReader(directory: scratch.path).query(Query()) { _, _ in true }
        #expect(result.delivered == 0)
        #expect(result.unreadable.contains { $0.reason.contains("not a segment of hdrlog") })
        #expect(result.unreadable.contains { $0.reason.contains("version 99 is newer") })
    }

    @Test("a segment that a kill left half created, its journal beside it, is removed and not taken for damaged")
    func halfCreated() throws {
        let copy = ScratchDirectory()
        for path in [scratch.path, copy.path] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for name in ["headers-0000000000000000007.db", "flows-0000000000000000007.db"] {
            let connection = try Connection(path: scratch.path + "/" + name, mode: .create)
            // The cache is too small, so that pages reach the file before the commit.
            try connection.execute(
                "PRAGMA cache_size = 1; BEGIN; PRAGMA application_id = 1751413356; CREATE TABLE segment (key, value);"
                    + "INSERT INTO segment VALUES ('x', zeroblob(100000)), ('y', zeroblob(100000))")
            for file in [name, name + "-journal"] {
                try FileManager.default.copyItem(atPath: scratch.path + "/" + file, toPath: copy.path + "/" + file)
            }
            let size = try Data(contentsOf: URL(fileURLWithPath: copy.path + "/" + name)).count
            #expect(size > 0)
        }
        let (writer, report) = try StoreWriter.open(directory: copy.path, now: 10)
        let flows = try FlowWriter(directory: copy.path, limits: StoreLimits(), now: 10)
        #expect(report.setAside.isEmpty && flows.takeEvents().isEmpty)
        #expect(copy.files.allSatisfy { !$0.hasSuffix(".damaged") && !$0.contains("0000007.db") }, "\(copy.files)")
        writer.close(now: 11)
        flows.close(now: 11)
    }

    @Test("a running segment that was copied without its -wal is told as incomplete")
    func missingWAL() throws {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 500)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, now: 1).writer
        let chunk = RecordChunk(capacity: 1 << 20)
        var traffic = SyntheticTraffic()
        traffic.fill(chunk, count: 1000)
        writer.append(chunk, now: 2)
        let copy = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: true)
        let file = try #require(scratch.segmentFiles.first)
        try FileManager.default.copyItem(atPath: scratch.path + "/" + file, toPath: copy.path + "/" + file)
        let result = try StoreReader(directory: copy.path).query(Query()) { _, _ in true }
        #expect(result.delivered == 0)
        #expect(result.unreadable.map(\.name) == [file])
        writer.close(now: 3)
    }

    /// A writer that is gone without an end: two blocks in the WAL, 200 records in the tail.
    private func abandoned() throws -> [Row] {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 500)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: 1)
            .writer
        let chunk = RecordChunk(capacity: 1 << 20)
        var traffic = SyntheticTraffic()
        traffic.fill(chunk, count: 1200)
        writer.append(chunk, now: 2)
        writer.flush(now: 3)
        let copy = scratch.path + ".copy"
        try FileManager.default.copyItem(atPath: scratch.path, toPath: copy)
        writer.close(now: 4)
        try FileManager.default.removeItem(atPath: scratch.path)
        try FileManager.default.moveItem(atPath: copy, toPath: scratch.path)
        return chunk.rows("eth0")
    }

    @Test("flipped bits in a tail cost its records at the most, and no wrong one is delivered")
    func flippedTail() throws {
        let rows = try abandoned()
        let tail = try #require(
            scratch.files.first { name in
                name.hasPrefix("tail") && TailContents(path: scratch.path + "/" + name)?.run.count == 200
            })
        let good = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + tail))
        var random = Random(seed: 5)
        for trial in 0..<100 {
            var bad = good
            // The header's bytes in turn, then any.
            let place = trial < 64 ? trial % good.count : Int(random.next() % UInt64(good.count))
            bad[place] ^= UInt8(1 << (trial % 8))
            try bad.write(to: URL(fileURLWithPath: scratch.path + "/" + tail))
            let found = try StoreReader(directory: scratch.path).rows()
            #expect(found.count >= 1000 && found.elementsEqual(rows.prefix(found.count)), "byte \(place)")
        }
    }

    @Test("a damaged or missing -wal is told, with the stretch that its blocks were of", arguments: [true, false])
    func damagedWAL(isMissing: Bool) throws {
        _ = try abandoned()
        let wal = scratch.path + "/" + (try #require(scratch.files.first { $0.hasSuffix("-wal") }))
        if isMissing {
            unlink(wal)
        } else {
            let good = try Data(contentsOf: URL(fileURLWithPath: wal))
            var bad = good
            bad[60] ^= 1  // in the first frame: those behind it are void
            try bad.write(to: URL(fileURLWithPath: wal))
        }
        let result = try StoreReader(directory: scratch.path).query(Query()) { _, _ in true }
        #expect(result.delivered == 200)
        #expect(result.unreadable.contains { $0.reason.contains("-wal") })
        #expect(result.gaps.contains { $0.reason == .damaged })
        let (writer, report) = try StoreWriter.open(directory: scratch.path, now: 10)
        #expect(report.recovered == 200)
        #expect(try writer.reader.query(Query()) { _, _ in true }.gaps.contains { $0.reason == .damaged })
        writer.close(now: 11)
    }
}
