internal import PacketBuilder
internal import Synchronization
public import Wire

/// A number that several threads add to.
public final class Counter: Sendable {
    private let count = Atomic(0)
    public init() {}
    public func add(_ more: Int) { count.add(more, ordering: .relaxed) }
    public var value: Int { count.load(ordering: .relaxed) }
}

extension MemoryService {
    /// A status with something in every member.
    public static var sampleStatus: StatusReply {
        var counters = Counters()
        counters.frames = 1_000_000
        counters.wirePackets = 1_200_000
        counters.bytes = 987_654_321
        counters.filtered = 10
        counters.counted = 90
        counters.sampled = 999_900
        counters.stored = 999_000
        counters.waiting = 850
        counters.ringLost = 50
        counters.malformed = ["truncatedL4": 7]
        return StatusReply(
            version: "1.2.3", host: "test", time: 1_700_000_000_000_000_000, startTime: 1_699_999_000_000_000_000,
            interfaces: [
                InterfaceStatus(
                    name: "eth0", index: 2, direction: "in", hook: "xdp", mode: "native", reason: "a NIC's driver",
                    counters: counters, framesPerSecond: 12_345.5, bytesPerSecond: 9_876_543)
            ],
            store: StoreStatus(
                directory: "/var/lib/hdrlog", stored: 999_000, waiting: 850, lost: [:], segments: 3, bytes: 12_345_678,
                limit: 4 << 30, oldest: 1_699_999_000_000_000_000, newest: 1_699_999_999_000_000_000,
                headers: FamilyStatus(
                    segments: 3, bytes: 10_345_678, limit: 4 << 30, oldest: 1_699_999_000_000_000_000,
                    newest: 1_699_999_999_000_000_000),
                flows: FamilyStatus(
                    segments: 1, bytes: 2_000_000, limit: 512 << 20, oldest: 1_699_990_000_000_000_000,
                    newest: 1_699_999_999_000_000_000)),
            gaps: [Gap(since: 1, until: 2, reason: "not running")])
    }

    /// A short conversation: TCP over IPv4 and IPv6, DNS, ping, ARP, a tagged frame; one second apart.
    public static var conversation: [Entry] {
        let start: Int64 = 1_700_000_000_000_000_000
        let packets = [
            Packet(.ethernet(), .ipv4(from: "192.0.2.7", to: "198.51.100.1"), .tcp(from: 40000, to: 443)),
            Packet(.ethernet(), .ipv4(from: "198.51.100.1", to: "192.0.2.7"), .tcp(from: 443, to: 40000)),
            Packet(.ethernet(), .ipv6(from: "2001:db8::7", to: "2001:db8::1"), .tcp(from: 40001, to: 80)),
            Packet(.ethernet(), .ipv4(from: "192.0.2.7", to: "192.0.2.53"), .udp(from: 5353, to: 53), .payload(40)),
            Packet(.ethernet(), .vlan(7), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1, to: 2)),
        ]
        return packets.enumerated().map { Entry($1, time: start + Int64($0) * 1_000_000_000) }
    }
}
