import CLinux
import Foundation
import Records
import StoreFixtures
import Testing

@testable import Store

/// A tail in memory that outlives the process: what is flushed costs the disk nothing and survives a kill.
@Suite("Tail in memory")
struct MemoryTailTests {
    private static let second: Int64 = 1_000_000_000
    private static let start: Int64 = 1_700_000_000 * second
    private let scratch = ScratchDirectory()
    private let memory = hdrlog_memory_file("tail")

    private static func limits(sync: Int64 = 300) -> StoreLimits {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords, limits.syncInterval) = (0, 8192, sync * second)
        return limits
    }

    private func open(_ path: String? = nil, sync: Int64 = 300, at seconds: Int64 = 0, counting: UInt64 = 0) throws -> (
        writer: StoreWriter, report: RecoveryReport
    ) {
        try StoreWriter.open(
            directory: path ?? scratch.path, limits: Self.limits(sync: sync), interfaces: [2: "eth0"],
            counting: counting, memory: memory, now: Self.start + seconds * Self.second)
    }

    /// Records from so many seconds after the start on.
    private func chunk(_ count: Int, at seconds: Int64 = 0) -> RecordChunk {
        var shape = SyntheticTraffic.Shape()
        (shape.flows, shape.seed, shape.start) = (50, UInt64(seconds), seconds * Self.second)
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: count * 200)
        chunk.clockOffset = Self.start
        traffic.fill(chunk, count: count)
        return chunk
    }

    /// Writes 700 records, ten a second, with a tick a second, and is gone as a killed process is.
    private func abandon(sync: Int64 = 300, before: (StoreWriter) -> Void = { _ in }) throws -> [Row] {
        let writer = try open(sync: sync).writer
        before(writer)
        var rows: [Row] = []
        for elapsed in 1...Int64(70) {
            let chunk = chunk(10, at: elapsed - 1)
            writer.append(chunk, now: Self.start + elapsed * Self.second)
            writer.tick(now: Self.start + elapsed * Self.second)
            rows += chunk.rows("eth0")
        }
        return rows
    }

    private func size() -> Int {
        var status = stat()
        fstat(memory, &status)
        return Int(status.st_size)
    }

    @Test("a killed process leaves what it flushed in memory, and nothing of it on the disk") func killed() throws {
        let rows = try abandon()
        #expect(size() > 1000)
        let files = SegmentName.tails.compactMap { TailContents(path: scratch.path + "/" + $0) }
        #expect(files.allSatisfy { $0.run.isEmpty })
        let (next, report) = try open(at: 75)
        #expect(report.recovered == 700 && report.refused == 0)
        let last = Self.start + 70 * Self.second
        #expect(report.gap == Gap(from: last, to: Self.start + 75 * Self.second, reason: .crashed))
        #expect(same(try next.reader.rows(), rows))
        next.close(now: Self.start + 76 * Self.second)
        #expect(same(try StoreReader(directory: scratch.path).rows(), rows))
        let (_, again) = try open(at: 80)
        #expect(again.recovered == 0 && again.refused == 0)
    }

    @Test("a power cut takes what came after the last sync, and the gap says so") func powerCut() throws {
        _ = try abandon()
        ftruncate(memory, 0)
        let (next, report) = try open(at: 75)
        #expect(report.recovered == 0)
        #expect(report.gap?.from == Self.start && report.gap?.reason == .crashed)
        next.close(now: Self.start + 76 * Self.second)
    }

    @Test("a sync writes a block, or the tail's file when that is too little for one") func sync() throws {
        let writer = try open().writer
        for (count, blocks) in [(1500, 1), (500, 0)] {
            writer.append(chunk(count), now: Self.start)
            writer.sync(now: Self.start + Self.second)
            let copy = scratch.path + ".copy"
            try FileManager.default.copyItem(atPath: scratch.path, toPath: copy)
            let reader = StoreReader(directory: copy)
            #expect(try reader.query(Query()) { _, _ in true }.delivered == 1500 + (1 - blocks) * 500)
            try FileManager.default.removeItem(atPath: copy)
        }
        writer.close(now: Self.start + 2 * Self.second)
    }

    @Test("with a short sync interval flushes go to the file, and a change of it takes what waits along")
    func changed() throws {
        let rows = try abandon(sync: 5)
        #expect(size() == 0)
        #expect(try StoreReader(directory: scratch.path).rows().count == 700)
        let writer = try open(sync: 5, at: 75).writer
        let more = chunk(20, at: 80)
        writer.append(more, now: Self.start + 80 * Self.second)
        writer.setLimits(Self.limits(), now: Self.start + 80 * Self.second)
        writer.flush(now: Self.start + 81 * Self.second)
        #expect(size() > 0)
        writer.setLimits(Self.limits(sync: 5), now: Self.start + 82 * Self.second)
        #expect(size() == 0)
        #expect(same(try StoreReader(directory: scratch.path).rows(), rows + more.rows("eth0")))
        writer.setLimits(Self.limits(), now: Self.start + 83 * Self.second)
        writer.flush(now: Self.start + 84 * Self.second)
        #expect(size() > 0)
        writer.close(now: Self.start + 85 * Self.second)
    }

    @Test("a reader of the directory is told that the rest may be in memory")
    func unwritten() throws {
        _ = try abandon()
        func gaps() throws -> [Gap] {
            let result = try StoreReader(directory: scratch.path).query(Query()) { _, _ in true }
            return result.gaps.filter { $0.reason == .notWritten }
        }
        let untold = Gap(from: Self.start, to: Self.start + 300 * Self.second, reason: .notWritten)
        #expect(try gaps() == [untold])
        let (next, _) = try open(at: 75)
        let fewer = try gaps()
        #expect(fewer.count == 1 && fewer[0].from == Self.start + 75 * Self.second)
        next.setLimits(Self.limits(sync: 5), now: Self.start + 76 * Self.second)
        #expect(try gaps().isEmpty)
        next.close(now: Self.start + 77 * Self.second)
        #expect(try gaps().isEmpty)
    }

    @Test("a tail of a log in another directory is refused, and a gap tells how much is missing", arguments: [0, 7])
    func otherDirectory(counting: UInt64) throws {
        _ = try abandon()
        let other = ScratchDirectory()
        let (next, report) = try open(other.path, at: 75, counting: counting)
        #expect(report.recovered == 0 && report.refused == 700)
        let gaps = try next.reader.query(Query()) { _, _ in true }.gaps
        let last = Self.start + 70 * Self.second
        #expect(gaps.count == 1 && gaps[0].reason == .crashed && gaps[0].count == 700 && gaps[0].to == last)
        next.close(now: Self.start + 76 * Self.second)
        let (_, again) = try open(other.path, at: 80)
        #expect(again.refused == 0)
    }

    @Test("a tail whose segment was removed meanwhile is refused, too") func otherGeneration() throws {
        _ = try abandon()
        for name in scratch.files where name.contains(".db") { unlink(scratch.path + "/" + name) }
        let (next, report) = try open(at: 75)
        #expect(report.refused == 700)
        #expect(try next.reader.query(Query()) { _, _ in true }.gaps.contains { $0.count == 700 })
        next.close(now: Self.start + 76 * Self.second)
    }

    @Test("flipped bits in it are found: no wrong record is taken over, and what is missing is told")
    func flipped() throws {
        let rows = try abandon()
        var good = [UInt8](repeating: 0, count: size())
        #expect(pread(memory, &good, good.count, 0) == good.count)
        let copy = scratch.path + ".copy"
        try FileManager.default.copyItem(atPath: scratch.path, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        var random = Random(seed: 7)
        for trial in 0..<60 {
            var bad = good
            let place = trial < 48 ? trial : Int(random.next() % UInt64(good.count))
            bad[place] ^= UInt8(1 << (trial % 8))
            ftruncate(memory, 0)
            pwrite(memory, bad, bad.count, 0)
            try FileManager.default.removeItem(atPath: scratch.path)
            try FileManager.default.copyItem(atPath: copy, toPath: scratch.path)
            let (next, report) = try open(at: 75)
            let found = try next.reader.rows()
            #expect(found.count == report.recovered && found.elementsEqual(rows.prefix(found.count)), "byte \(place)")
            let gaps = try next.reader.query(Query()) { _, _ in true }.gaps
            let told = gaps.contains { $0.from <= found.last?.time ?? Self.start && $0.to >= rows.last!.time }
            #expect(found.count == 700 || told, "byte \(place): \(found.count), \(gaps)")
            next.close(now: Self.start + 76 * Self.second)
        }
    }

    @Test("it takes no more memory than a block's records, and gives it back with the block") func bounded() throws {
        let writer = try open().writer
        var greatest = 0
        for elapsed in 1...Int64(60) {
            let now = Self.start + elapsed * Self.second
            writer.append(chunk(2000, at: elapsed), now: now)
            writer.tick(now: now)
            greatest = max(greatest, size())
        }
        #expect(greatest > 10_000 && greatest < 8192 * 128, "\(greatest)")
        writer.append(chunk(8192, at: 99), now: Self.start + 61 * Self.second)
        writer.append(chunk(10, at: 101), now: Self.start + 61 * Self.second)
        writer.sync(now: Self.start + 61 * Self.second)
        writer.flush(now: Self.start + 62 * Self.second)
        #expect(size() < 1000)
        writer.close(now: Self.start + 63 * Self.second)
    }
}
