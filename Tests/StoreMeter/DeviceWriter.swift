import CHdrlog
import CLinux
import CStoreMeter
import Glibc
import Records
import Store
import StoreFixtures

/// Writes headers and flows as the daemon would under systemd, by a clock that is an argument: a day takes a minute,
/// and each flush, sync and checkpoint comes at its own time.
///
/// What the kernel does by its own clock has to be done for it: it writes dirty pages after 30 seconds and commits the
/// file system's journal after 5. Here the whole file system is synced every 5 seconds, so more reaches the device than
/// would. Prints `STORED-BYTES HEADERS`; what reached the device is in /sys/block/*/stat.
struct DeviceWriter {
    struct Pace {
        /// Headers a second.
        var rate: Int
        var seconds: Int64
        /// Settings of the store, and how often flows and counters come, in seconds.
        var flush: Int64
        var sync: Int64
        var interval: Int64
    }

    private static let second: Int64 = 1_000_000_000
    private static let start: Int64 = 1_700_000_000 * second
    private static let writeback: Int64 = 5

    private let path: String
    private let pace: Pace

    init(directory path: String, _ pace: Pace) {
        self.path = path
        self.pace = pace
    }

    func run() throws {
        var limits = StoreLimits()
        (limits.keepFree, limits.segmentMaxSize) = (0, 64 << 20)
        (limits.flushInterval, limits.syncInterval) = (pace.flush * Self.second, pace.sync * Self.second)
        let writer = try StoreWriter.open(
            directory: path, limits: limits, interfaces: [2: "eth0"], memory: hdrlog_memory_file("tail"),
            now: Self.start
        ).writer
        let flows = try FlowWriter(directory: path, limits: limits, now: Self.start)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY)
        var shape = SyntheticTraffic.Shape()
        (shape.flows, shape.packetsPerSecond, shape.start) = (pace.rate * 20, Double(pace.rate), 0)
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: max(pace.rate * 200, 4096))
        for elapsed in 1...pace.seconds {
            let now = Self.start + elapsed * Self.second
            traffic.fill(chunk, count: pace.rate)
            chunk.clockOffset = Self.start
            writer.append(chunk, now: now)
            if (elapsed + 17) % pace.interval == 0 {
                flows.append(interval(now), now: now)
                flows.syncSoon(now: now)
                writer.syncSoon(now: now)
            }
            writer.tick(now: now)
            flows.tick(now: now)
            if elapsed % Self.writeback == 0 { sync_file_system(descriptor) }
        }
        let end = Self.start + (pace.seconds + 1) * Self.second
        flows.close(now: end)
        writer.close(now: end)
        sync_file_system(descriptor)
        let stored = try StoreReader(directory: path).statistics().used
        print(stored, pace.seconds * Int64(pace.rate))
    }

    /// A few dozen flows and as many counters: what such an interface has.
    private func interval(_ now: Int64) -> FlowInterval {
        let flows = (0..<40).map { number in
            var key = hdrlog_flow_key()
            withUnsafeMutableBytes(of: &key) { bytes in
                bytes[0] = 10
                bytes[16] = 198
                bytes[19] = UInt8(number)
            }
            key.network = UInt8(HDRLOG_NETWORK_IPV4.rawValue)
            (key.ifindex, key.protocol) = (2, 6)
            (key.source_port, key.destination_port) = (
                UInt16(30_000 + (Int(now / Self.second) * 7 + number) % 9999), 443
            )
            var value = hdrlog_flow_value()
            (value.frames, value.wire_packets, value.bytes) = (3, 3, UInt64(300 + number))
            var flow = FlowRecord(key: key, value: value, clockOffset: 0)
            (flow.first, flow.last) = (now - Int64(number) * 100_000_000, now)
            return flow
        }
        let counters = (0..<60).map { number in
            CounterSample(
                interface: 2, direction: .ingress, kind: .ttl, value: UInt32(number),
                frames: UInt64(now / Self.second) % UInt64(number + 2) + 1)
        }
        return FlowInterval(
            from: now - pace.interval * Self.second, to: now, names: [2: "eth0"], flows: flows, counters: counters)
    }
}
