import Foundation
import Records
import Store
import StoreFixtures
import Testing

/// A real file system that is too small, filled by somebody else.
@Suite("Disk full", .serialized)
struct DiskFullTests {
    private static let second: Int64 = 1_000_000_000

    private func fill(_ file: String) {
        let handle = fopen(file, "w")
        let block = [UInt8](repeating: 1, count: 4096)
        while fwrite(block, 1, block.count, handle) == block.count {}
        fclose(handle)
    }

    @Test(
        "a full disk loses records, counts each, tells the gap, and ends by itself when there is space again",
        .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
    func diskFull() throws {
        try withTmpfs(megabytes: 48) { path in
            var limits = StoreLimits()
            (limits.keepFree, limits.blockRecords) = (0, 2000)
            let (writer, _) = try StoreWriter.open(
                directory: path + "/store", limits: limits, interfaces: [2: "eth0"], now: Self.second)
            var shape = SyntheticTraffic.Shape()
            shape.flows = 200
            var traffic = SyntheticTraffic(shape)
            let chunk = RecordChunk(capacity: 1 << 20)
            var now = Self.second
            func append(_ chunks: Int) {
                for _ in 0..<chunks {
                    traffic.fill(chunk, count: 1000)
                    now += Self.second / 10
                    writer.append(chunk, now: now)
                    writer.tick(now: now)
                }
            }
            append(20)
            fill(path + "/other")
            append(40)
            let full = try writer.reader.statistics()
            #expect(full.trouble?.isNoSpace == true)
            #expect(full.total.received == 60_000)
            let lost = full.total.lost
            #expect(lost > 10_000)
            unlink(path + "/other")
            append(20)
            let after = try writer.reader.statistics()
            #expect(after.trouble == nil)
            #expect(after.total.received == 80_000)
            let events = writer.takeEvents()
            #expect(events.contains { if case .stalled = $0 { true } else { false } })
            #expect(events.contains { if case .recovered = $0 { true } else { false } })
            let answer = try writer.reader.query(Query()) { _, _ in true }
            #expect(UInt64(answer.delivered) == after.total.received - after.total.lost)
            let gaps = answer.gaps.filter { $0.reason == .storeFull }
            #expect(gaps.reduce(0) { $0 + ($1.count ?? 0) } == after.total.lost)
            writer.close(now: now)
        }
    }

    @Test(
        "when space gets short headers go first, and flows down to what is kept free of them",
        .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
    func short() throws {
        try withTmpfs(megabytes: 96) { path in
            var limits = StoreLimits()
            (limits.keepFree, limits.blockRecords, limits.segmentMaxSize) = (12 << 20, 2000, 2 << 20)
            let writer = try StoreWriter.open(directory: path + "/store", limits: limits, now: Self.second).writer
            limits.keepFree = 4 << 20
            let flows = try FlowWriter(directory: path + "/store", limits: limits, now: Self.second)
            var traffic = SyntheticTraffic()
            let chunk = RecordChunk(capacity: 1 << 20)
            var random = Random(seed: 9)
            var now = Self.second
            for number in 1...60 {
                now += 10 * Self.second
                for _ in 0..<4 {
                    traffic.fill(chunk, count: 2000)
                    writer.append(chunk, now: now)
                }
                flows.append(interval(number, &random), now: now)
                guard number % 10 == 0 else { continue }
                writer.rotate(now: now)
                flows.rotate(now: now)
            }
            let before = (
                try writer.reader.segments().count, try FlowReader(directory: path + "/store").segments().count
            )
            #expect(before.0 > 5 && before.1 > 3)
            /// Somebody else takes all but so many bytes.
            func leave(_ bytes: UInt64) throws {
                var status = statvfs()
                statvfs(path, &status)
                let file = Glibc.open(path + "/other", O_WRONLY | O_CREAT, 0o600)
                defer { close(file) }
                var mine = stat()
                fstat(file, &mine)
                let more = Int(status.f_bavail) * Int(status.f_frsize) - Int(bytes)
                #expect(posix_fallocate(file, mine.st_size, off_t(max(more, 4096))) == 0)
                writer.tick(now: now)
                flows.append(interval(61, &random), now: now)
            }
            try leave(10 << 20)
            let fewer = try writer.reader.segments().count
            #expect(fewer < before.0)
            #expect(try FlowReader(directory: path + "/store").segments().count >= before.1)
            for _ in 0..<20 { try leave(2 << 20) }
            #expect(try writer.reader.segments().count < 3)
            #expect(try FlowReader(directory: path + "/store").segments().count < before.1)
            writer.close(now: now)
            flows.close(now: now)
        }
    }

    /// 100 bytes that cannot be compressed in each of 500 counters and flows.
    private func interval(_ number: Int, _ random: inout Random) -> FlowInterval {
        var interval = RandomInterval.make(at: Int64(number) * 10 * Self.second, flows: 2000, &random)
        interval = FlowInterval(
            from: interval.to - 10 * Self.second, to: interval.to, names: interval.names, flows: interval.flows,
            counters: [CounterSample(interface: 3, direction: .ingress, kind: .seen, frames: 1, bytes: 1)])
        return interval
    }

    @Test(
        "intervals of flows wait for a full disk, what finds no room becomes a gap, and questions tell it",
        .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
    func flows() throws {
        try withTmpfs(megabytes: 24) { path in
            var limits = StoreLimits()
            limits.keepFree = 0
            let writer = try FlowWriter(directory: path + "/store", limits: limits, now: Self.second)
            var random = Random(seed: 9)
            for number in 1...5 { writer.append(interval(number, &random), now: Int64(number) * 10 * Self.second) }
            fill(path + "/other")
            for number in 6...105 { writer.append(interval(number, &random), now: Int64(number) * 10 * Self.second) }
            #expect(writer.lost >= 35)
            #expect(writer.takeEvents().contains { if case .stalled = $0 { true } else { false } })
            unlink(path + "/other")
            writer.tick(now: 1060 * Self.second)
            #expect(writer.takeEvents().contains { if case .recovered = $0 { true } else { false } })
            let answer = try FlowReader(directory: path + "/store").counters(CounterQuery())
            #expect(answer.damage.isEmpty)
            #expect(answer.totals.map(\.frames) == [UInt64(105 - writer.lost)])
            #expect(answer.gaps.count == 1 && answer.gaps[0].reason == "store full", "\(answer.gaps)")
            let missing = answer.gaps.reduce(0) { $0 + $1.to - $1.from }
            #expect(missing == Int64(writer.lost) * 10 * Self.second)
            var late = FlowQuery()
            late.range = (1000 * Self.second)..<Int64.max
            #expect(try FlowReader(directory: path + "/store").flows(late).gaps.isEmpty)
            writer.close(now: 1070 * Self.second)
        }
    }
}
