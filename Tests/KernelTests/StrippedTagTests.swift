import CHdrlog
import Filter
import Glibc
import Records
import Testing

@testable import BPF
@testable import Capture

/// A tc program on the sender's side pushes a tag; on a veth pair the receiver gets it as from a card that takes tags off.
@Suite("VLAN tags that the hardware took off", .serialized, .enabled(if: isRoot, "needs root"))
struct StrippedTagTests {
    static let kernelTells = kernelIsAtLeast(6, 15)

    @Test(
        "native XDP is told the tag by the driver, with rules and without",
        .enabled(if: kernelTells, "tail calls out of a program that is bound to its interface need Linux 6.15"),
        arguments: [false, true])
    func nativeXDP(withRules: Bool) throws {
        let network = try TestNetwork()
        var settings = CaptureSettings()
        if withRules {
            settings.rules = [Rule(match: try FilterExpression(parsing: "udp port 99"), action: .ignore)]
        }
        let capture = try Capture(ringMemory: 1 << 20, settings: settings)
        let device = try network.inside { try #require(Device(named: "logged")) }
        #expect(device.stripsTags)
        let hooks = try network.inside { try capture.attach(device, hook: .native, directions: [.ingress]) }
        #expect(hooks.ingress == .nativeXDP)
        #expect(hooks.reason == "configured")
        let kept = try received(network, capture)
        #expect(kept.count == 50)
        #expect(kept.allSatisfy { $0.vlan_tpid == 0x8100 && $0.vlan_tci == 42 })
        let flows = try flows(capture)
        #expect(!flows.isEmpty)
        #expect(flows.allSatisfy { $0.key.vlan == 42 })
    }

    @Test("tc sees the tag")
    func tc() throws {
        let network = try TestNetwork()
        let capture = try Capture(ringMemory: 1 << 20)
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside { try capture.attach(device, hook: .tc, directions: [.ingress]) }
        let kept = try received(network, capture)
        #expect(kept.count == 50)
        #expect(kept.allSatisfy { $0.vlan_tpid == 0x8100 && $0.vlan_tci == 42 })
    }

    @Test("generic XDP does not see the tag, and says so")
    func genericXDP() throws {
        let network = try TestNetwork()
        let capture = try Capture(ringMemory: 1 << 20)
        let device = try network.inside { try #require(Device(named: "logged")) }
        let hooks = try network.inside { try capture.attach(device, hook: .generic, directions: [.ingress]) }
        #expect(hooks.reason == "configured, which does not see the VLAN tags that the hardware takes off")
        let kept = try received(network, capture)
        #expect(kept.count == 50)
        #expect(kept.allSatisfy { $0.vlan_tpid == 0 })
    }

    /// 50 UDP frames from the peer, each with VLAN 42 beside its bytes, as they were logged.
    private func received(_ network: borrowing TestNetwork, _ capture: Capture) throws -> [hdrlog_record] {
        // r2 = 0x8100 in network order, r3 = 42, bpf_skb_vlan_push, r0 = TCX_NEXT
        let push = try GeneratedProgram(
            .classifier,
            instructions: [0x81_0000_02B7, 42 << 32 | 0x03B7, 18 << 32 | 0x85, 0xFFFF_FFFF_0000_00B7, 0x95])
        let peer = try network.insidePeer { if_nametoindex("peer") }
        try network.insidePeer {
            let link = try Link(push.program, interface: peer, place: .egress)
            try network.send(50)
            extendLifetime(link)
        }
        usleep(100_000)
        let chunk = RecordChunk(capacity: 1 << 20)
        _ = capture.drain(into: chunk)
        var kept: [hdrlog_record] = []
        func keep(_ record: borrowing HeaderRecord) { kept.append(record.metadata) }
        chunk.forEach(keep)
        return kept
    }

    private func flows(_ capture: Capture) throws -> [FlowRecord] {
        var found: [FlowRecord] = []
        let chunk = RecordChunk(capacity: 1 << 20)
        _ = try capture.snapshot(
            flow: { found.append($0) },
            wait: {
                _ = capture.drain(into: chunk)
                return true
            })
        return found
    }
}
