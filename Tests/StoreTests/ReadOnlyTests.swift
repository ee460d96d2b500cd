import CHdrlog
import Foundation
import Records
import Store
import StoreFixtures
import Testing

/// A log on a disk that cannot be written: a copy on a DVD, a snapshot, a mount of somebody else's.
@Suite("Read-only", .serialized)
struct ReadOnlyTests {
    private static let second: Int64 = 1_000_000_000

    /// A log of both families on a small file system, which is then mounted read-only.
    private func withReadOnlyLog(closed: Bool, _ body: (String) throws -> Void) throws {
        try withTmpfs(megabytes: 32) { path in
            try Self.write(to: path + "/log", copy: closed ? nil : path + "/copy")
            try #require(mount(nil, path, nil, UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil) == 0, "errno \(errno)")
            try body(path + (closed ? "/log" : "/copy"))
        }
    }

    /// - Parameter copy: where to leave a copy of the running log, without what SQLite keeps in shared memory.
    private static func write(to path: String, copy: String?) throws {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 500)
        let writer = try StoreWriter.open(directory: path, limits: limits, now: Self.second).writer
        let flows = try FlowWriter(directory: path, limits: limits, now: Self.second)
        let chunk = RecordChunk(capacity: 1 << 20)
        var traffic = SyntheticTraffic()
        traffic.fill(chunk, count: 1200)
        writer.append(chunk, now: 2 * Self.second)
        writer.flush(now: 2 * Self.second)
        var random = Random(seed: 1)
        flows.append(RandomInterval.make(at: 2 * Self.second, flows: 20, &random), now: 2 * Self.second)
        if let copy {
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            for name in try FileManager.default.contentsOfDirectory(atPath: copy) where name.hasSuffix("-shm") {
                unlink(copy + "/" + name)
            }
        }
        flows.close(now: 3 * Self.second)
        writer.close(now: 3 * Self.second)
    }

    @Test(
        "a sealed log is read in full where nothing can be written, and a writer says why it cannot",
        .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
    func sealed() throws {
        try withReadOnlyLog(closed: true) { path in
            let result = try StoreReader(directory: path).query(Query()) { _, _ in true }
            #expect(result.delivered == 1200 && result.unreadable.isEmpty)
            #expect(try FlowReader(directory: path).flows(FlowQuery()).count == 20)
            let report = try StoreReader(directory: path).verify()
            #expect(report.findings.isEmpty && report.records == 1200 && report.intervals == 1)
            do {
                _ = try StoreWriter.open(directory: path, now: 4 * Self.second)
                Issue.record("a writer was opened")
            } catch {
                #expect("\(error)".contains("Read-only file system"), "\(error)")
            }
        }
    }

    @Test(
        "a running log on a read-only disk is read as far as that can be, and what cannot is told",
        .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
    func running() throws {
        try withReadOnlyLog(closed: false) { path in
            let result = try StoreReader(directory: path).query(Query()) { _, _ in true }
            #expect(result.delivered == 1200 || !result.unreadable.isEmpty, "\(result.delivered)")
            let answer = try FlowReader(directory: path).flows(FlowQuery())
            #expect(answer.count == 20 || !answer.damage.isEmpty)
        }
    }
}
