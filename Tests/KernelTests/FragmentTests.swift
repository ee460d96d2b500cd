import CHdrlog
import Capture
import PacketBuilder
import Records
import Testing

@Suite("Frames in several pieces", .serialized, .enabled(if: isRoot, "needs root"))
struct FragmentTests {
    /// Whether the kernel lets a test run say how much of a frame lies in the first piece (Linux 6.18).
    static let canChooseLinear: Bool = {
        guard isRoot, let programs = try? LoadedPrograms() else { return false }
        let frame = Packet(.ethernet(), .ipv4(), .udp(), .payload(2000)).bytes
        var kept: [LoadedPrograms.Kept]?
        try? programs.use { kept = try? programs.run(.xdp, frame, linear: 14) }
        return kept != nil
    }()

    @Test(
        "headers are read wherever the first piece of an XDP frame ends",
        .enabled(if: canChooseLinear, "needs Linux 6.18: test runs that say what lies in the first piece"),
        arguments: [0, 300, 5000])
    func pieces(_ padding: Int) throws {
        let programs = try LoadedPrograms()
        let walks = try Differential(programs)
        try programs.use {
            for (name, bytes) in WalkTests.kinds {
                let frame = bytes + [UInt8](repeating: 0xA5, count: padding)
                for linear in 14...min(frame.count, 300) {
                    _ = try frame.withUnsafeBytes { try walks.check(.xdp, $0, linear: linear, name) }
                }
            }
            try walks.checkCounters()
        }
        print("pieces: \(walks.frames) runs")
        #expect(walks.differences.isEmpty, "\(walks.report)")
    }

    @Test("jumbo frames and GRO's super-packets have their true length", arguments: [3600, 9014, 40_000, 65_000])
    func jumbo(_ length: Int) throws {
        let programs = try LoadedPrograms()
        let walks = try Differential(programs)
        let frames = [
            Packet(.ethernet(), .vlan(7), .ipv4(), .tcp(options: Layer.synOptions), .payload(length - 78)),
            Packet(.ethernet(), .ipv6(), .extensionHeader(), .udp(), .payload(length - 70)),
            Packet(.ethernet(), .ipv6(), .extensionHeader(length: 256), .tcp(), .payload(length - 330)),
        ]
        try programs.use {
            for frame in frames {
                _ = try frame.bytes.withUnsafeBytes { try walks.check(.xdp, $0, "jumbo") }
            }
            try walks.checkCounters()
        }
        #expect(walks.frames == frames.count)
        #expect(walks.differences.isEmpty, "\(walks.report)")
    }

    @Test(
        "a frame that stands for many wire packets says for how many",
        arguments: [LoadedPrograms.Program.ingress, .egress])
    func segments(_ program: LoadedPrograms.Program) throws {
        let programs = try LoadedPrograms()
        let frame = Packet(.ethernet(), .ipv4(), .tcp(), .payload(2800)).bytes
        try programs.use {
            for segments in [UInt32(0), 1, 2, 45] {
                let record = try #require(try programs.run(program, frame, segments: segments).first)
                #expect(record.metadata.segments == UInt16(max(1, segments)))
                #expect(record.metadata.frame_length == UInt32(frame.count))
            }
            let counters = try programs.counters(program.direction)
            #expect(counters.frames == 4)
            #expect(counters.wirePackets == 1 + 1 + 2 + 45)
            #expect(counters.bytes == UInt64(4 * frame.count))
        }
    }
}
