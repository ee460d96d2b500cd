import CHdrlog
import Foundation
import Records
import SQLite
import Store
import StoreFixtures
import Testing

/// The budget is kept by what really lies on the disk, whoever reads meanwhile.
@Suite("Budget")
struct BudgetTests {
    let scratch = ScratchDirectory()
    private let second: Int64 = 1_000_000_000

    private func open(megabytes: Int64 = 32) throws -> StoreWriter {
        var limits = StoreLimits()
        (limits.keepFree, limits.maxUse, limits.blockRecords) = (0, megabytes << 20, 2000)
        return try StoreWriter.open(directory: scratch.path, limits: limits, now: second).writer
    }

    /// Records of random bytes, so that nothing can be compressed: half a megabyte a chunk.
    private func incompressible() -> RecordChunk {
        var random = Random(seed: 1)
        let chunk = RecordChunk(capacity: 1 << 20)
        for index in 0..<2000 {
            var record = hdrlog_record()
            (record.boot_ns, record.rate, record.captured, record.link_type) = (UInt64(index), 1, 250, 1)
            var bytes = withUnsafeBytes(of: record) { Array($0) }
            while bytes.count < 32 + 250 { withUnsafeBytes(of: random.next()) { bytes += $0 } }
            bytes.withUnsafeBytes { #expect(chunk.append(UnsafeRawBufferPointer(rebasing: $0[..<282]))) }
        }
        return chunk
    }

    /// Allocated bytes of all files, as du(1) would say.
    private func allocated() -> Int64 {
        scratch.files.reduce(0) { sum, name in
            var status = stat()
            return stat(scratch.path + "/" + name, &status) == 0 ? sum + Int64(status.st_blocks) * 512 : sum
        }
    }

    private func fill(_ writer: StoreWriter, _ chunks: Int) -> (greatest: Int64, wal: Int64) {
        let chunk = incompressible()
        var greatest: Int64 = 0
        var wal: Int64 = 0
        for index in 1...chunks {
            let now = second + Int64(index) * second / 10
            chunk.clockOffset = now
            writer.append(chunk, now: now)
            writer.tick(now: now)
            greatest = max(greatest, allocated())
            for name in scratch.files where name.hasSuffix("-wal") {
                var status = stat()
                if stat(scratch.path + "/" + name, &status) == 0 { wal = max(wal, Int64(status.st_size)) }
            }
        }
        return (greatest, wal)
    }

    @Test("all files together stay within max_use, and the WAL within 8 MiB, while four times as much is written")
    func budget() throws {
        let writer = try open()
        let (greatest, wal) = fill(writer, 250)
        #expect(greatest <= 32 << 20, "\(greatest)")
        #expect(greatest >= 20 << 20, "\(greatest)")
        #expect(wal <= 8 << 20, "\(wal)")
        #expect(try writer.reader.statistics().total.lost == 0)
        writer.close(now: 100 * second)
        #expect(scratch.files.allSatisfy { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") })
    }

    @Test("a reader that never ends makes segments end early, is told, and does not break the budget")
    func pinned() throws {
        let writer = try open(megabytes: 100)
        _ = fill(writer, 3)
        let file = try #require(scratch.segmentFiles.last)
        let foreign = try Connection(path: scratch.path + "/" + file, mode: .readOnly)
        try foreign.execute("BEGIN")
        _ = try foreign.integer("SELECT count(*) FROM block")
        let (greatest, wal) = fill(writer, 250)
        #expect(writer.takeEvents().contains { if case .walPinned = $0 { true } else { false } })
        #expect(greatest <= 100 << 20, "\(greatest)")
        #expect(wal <= 8 << 20, "\(wal)")
        #expect(try writer.reader.statistics().total.lost == 0)
        try foreign.execute("COMMIT")
        writer.close(now: 100 * second)
    }

    @Test("both families together stay within max_use while headers and flows are written, and both are kept")
    func families() throws {
        let writer = try open()
        var limits = StoreLimits()
        (limits.keepFree, limits.maxUse, limits.segmentMaxSize) = (0, 8 << 20, 2 << 20)
        let flows = try FlowWriter(directory: scratch.path, limits: limits, now: second)
        let chunk = incompressible()
        var random = Random(seed: 2)
        var greatest: Int64 = 0
        for index in 1...150 {
            let now = second + Int64(index) * second
            chunk.clockOffset = now
            writer.append(chunk, now: now)
            let interval = RandomInterval.make(at: now, flows: 4000, &random)
            writer.reserve(flows.size(of: interval), now: now)
            greatest = max(greatest, allocated())
            flows.append(interval, now: now)
            writer.tick(now: now)
            flows.tick(now: now)
            greatest = max(greatest, allocated())
        }
        #expect(greatest <= 32 << 20, "\(greatest)")
        let flowBytes = try FlowReader(directory: scratch.path).segments().reduce(0) { $0 + $1.bytes }
        #expect(flowBytes <= 8 << 20, "\(flowBytes)")
        #expect(flowBytes > 2 << 20, "\(flowBytes)")
        #expect(try writer.reader.segments().count > 2)
        #expect(flows.lost == 0)
        flows.close(now: 200 * second)
        writer.close(now: 200 * second)
    }

    @Test(
        "a reader that never ends makes a segment of flows end early, is told, and does not break the family's budget")
    func pinnedFlows() throws {
        var limits = StoreLimits()
        (limits.keepFree, limits.maxUse) = (0, 64 << 20)
        let flows = try FlowWriter(directory: scratch.path, limits: limits, now: second)
        var random = Random(seed: 3)
        flows.append(RandomInterval.make(at: 2 * second, flows: 10, &random), now: 2 * second)
        let file = try #require(scratch.segmentFiles.last)
        let foreign = try Connection(path: scratch.path + "/" + file, mode: .readOnly)
        try foreign.execute("BEGIN")
        _ = try foreign.integer("SELECT count(*) FROM interval")
        var greatest: Int64 = 0
        for index in 3...150 {
            let now = Int64(index) * second
            flows.append(RandomInterval.make(at: now, flows: 4000, &random), now: now)
            greatest = max(greatest, allocated())
        }
        #expect(flows.takeEvents().contains { if case .walPinned = $0 { true } else { false } })
        #expect(greatest <= 64 << 20, "\(greatest)")
        #expect(flows.lost == 0)
        _ = consume foreign
        flows.close(now: 200 * second)
        #expect(scratch.files.allSatisfy { !$0.hasSuffix("-wal") })
    }
}

/// Intervals whose bytes cannot be compressed much.
enum RandomInterval {
    static func make(at time: Int64, flows count: Int, _ random: inout Random) -> FlowInterval {
        let flows = (0..<count).map { _ in
            var key = hdrlog_flow_key()
            withUnsafeMutableBytes(of: &key) { bytes in
                for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
                for index in 16..<20 { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
            }
            key.network = UInt8(HDRLOG_NETWORK_IPV4.rawValue)
            (key.ifindex, key.protocol) = (3, 6)
            (key.source_port, key.destination_port) = (UInt16(truncatingIfNeeded: random.next()), 443)
            var value = hdrlog_flow_value()
            (value.frames, value.wire_packets, value.bytes) = (1, 1, random.next() >> 40)
            var flow = FlowRecord(key: key, value: value, clockOffset: 0)
            (flow.first, flow.last) = (time - 1000, time)
            return flow
        }
        return FlowInterval(from: time - 1_000_000_000, to: time, names: [3: "eth0"], flows: flows)
    }
}
