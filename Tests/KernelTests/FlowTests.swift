import CHdrlog
import Capture
import Foundation
import PacketBuilder
import Records
import Testing

@Suite("Exact flows in the kernel", .serialized, .enabled(if: isRoot, "needs root"))
struct FlowTests {
    @Test("a flow's counts are those of its packets, whatever sampling keeps")
    func counts() throws {
        var settings = CaptureSettings()
        settings.samplingRate = 1000
        settings.kept = []
        let programs = try LoadedPrograms(settings)
        func segment(_ ttl: UInt8, _ flags: TCPFlags, _ payload: Int) -> [UInt8] {
            Packet(
                .ethernet(), .vlan(7), .ipv4(from: "192.0.2.1", to: "198.51.100.9", ttl: ttl),
                .tcp(from: 40000, to: 443, flags: flags), .payload(payload)
            ).bytes
        }
        try programs.use {
            let frames = [segment(64, .syn, 0), segment(60, .ack, 100), segment(70, [.ack, .fin], 1)]
            for frame in frames { _ = try programs.run(.ingress, frame, segments: 4) }
            _ = try programs.run(.egress, Packet(.ethernet(), .ipv6(), .icmpv6(type: 128, code: 0)).bytes)
            let (counters, flows) = try programs.generation()
            #expect(flows.count == 2)
            let flow = try #require(flows.first { $0.isIPv4 })
            #expect(flow.source == IPAddress("192.0.2.1") && flow.destination == IPAddress("198.51.100.9"))
            #expect((flow.key.source_port, flow.key.destination_port, flow.key.protocol) == (40000, 443, 6))
            #expect(flow.vlan == 7 && flow.direction == .ingress && flow.key.ifindex == programs.device.index)
            #expect((flow.value.frames, flow.value.wire_packets) == (3, 12))
            #expect(flow.value.bytes == UInt64(frames.reduce(0) { $0 + $1.count }))
            #expect((flow.value.min_ttl, flow.value.max_ttl) == (60, 70))
            #expect(TCPFlags(rawValue: flow.value.tcp_flags) == [.syn, .ack, .fin])
            #expect(flow.first <= flow.last && flow.first > 0)
            let ping = try #require(flows.first { !$0.isIPv4 })
            #expect(ping.key.destination_port == 128 << 8 && ping.direction == .egress && ping.vlan == nil)
            #expect(counters[.ingress]?.keyed == 3 && counters[.ingress]?.untracked == 0)
            #expect(try programs.generation().flows.isEmpty, "a generation's flows are handed out once")
        }
    }

    @Test("a packet that finds no room for its flow is counted as untracked")
    func full() throws {
        let network = try TestNetwork()
        let capture = try Capture(ringMemory: 1 << 20, flowMemory: 1, settings: CaptureSettings())
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside { try capture.attach(device, hook: .native, directions: [.ingress]) }
        let drain = AccountingTests.Drain(capture)
        defer { drain.stop() }
        let limit = capture.flowUsage.limit
        try network.generate(100_000, "--flows", "4096")
        var tracked: UInt64 = 0
        var flows = 0
        func add(_ flow: FlowRecord) {
            tracked += flow.value.frames
            flows += 1
        }
        #expect(capture.flowUsage.entries >= limit)
        let counters = try #require(try snapshot(capture, add).first).counters
        #expect(counters.keyed == 100_000 && counters.untracked > 0)
        #expect(counters.keyed == tracked + counters.untracked)
        // Each CPU may see the last free place at the same time.
        #expect((limit...limit + ProcessInfo.processInfo.processorCount).contains(flows))
        #expect(capture.flowUsage.entries == 0)
    }

    @Test("every generation's flows add up while frames of many flows come")
    func generations() throws {
        let network = try TestNetwork()
        let capture = try Capture(ringMemory: 16 << 20)
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside { try capture.attach(device, hook: .native, directions: [.ingress]) }
        let drain = AccountingTests.Drain(capture)
        defer { drain.stop() }
        let sender = Thread { try? network.generate(3_000_000, "--flows", "16384") }
        sender.start()
        var (tracked, last, generations) = (UInt64(0), UInt64(0), 0)
        let end = Date(timeIntervalSinceNow: 60)
        while last < 3_000_000, Date() < end {
            let counters = try #require(try snapshot(capture) { tracked += $0.value.frames }.first).counters
            #expect(counters.keyed == tracked + counters.untracked)
            #expect(counters.keyed == counters.frames)
            last = counters.frames
            generations += 1
        }
        #expect(last == 3_000_000)
        print("flows: \(generations) generations")
    }

    private func snapshot(_ capture: Capture, _ flow: (FlowRecord) -> Void) throws -> [InterfaceSnapshot] {
        var tries = 0
        return try #require(
            try capture.snapshot(flow: flow) {
                usleep(1000)
                tries += 1
                return tries < 30_000
            })
    }
}
