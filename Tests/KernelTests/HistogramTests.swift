import Capture
import PacketBuilder
import Records
import Testing

@Suite("Exact histograms in the kernel", .serialized, .enabled(if: isRoot, "needs root"))
struct HistogramTests {
    @Test(
        "each packet is in the bucket of its value, whatever sampling keeps", arguments: LoadedPrograms.Program.allCases
    )
    func buckets(_ program: LoadedPrograms.Program) throws {
        var settings = CaptureSettings()
        settings.samplingRate = 1_000_000
        settings.kept = []
        let programs = try LoadedPrograms(settings)
        let mss: [UInt8] = [1, 1, 3, 3, 7, 2, 4, 0x05, 0xB4]
        let frames = [
            Packet(.ethernet(), .ipv4(ttl: 64, dscp: 46, ecn: 1), .tcp(flags: .syn, window: 1000, options: mss)),
            Packet(.ethernet(), .ipv4(ttl: 64), .tcp(flags: [.ack, .psh], window: 0), .payload(1000)),
            Packet(.ethernet(), .ipv6(hopLimit: 255), .udp(), .payload(3000)),
            Packet(.ethernet(), .ipv4(ttl: 1, moreFragments: true), .udp(), .payload(64)),
            Packet(.ethernet(), .ipv4(ttl: 1, fragmentOffset: 9, protocol: 17), .payload(64)),
            Packet(.ethernet(), .arp()),
        ].map(\.bytes)
        try programs.use {
            for frame in frames { _ = try programs.run(program, frame) }
            let found = try programs.counters(program.direction).histograms
            for kind in HistogramKind.allCases {
                let expected = Self.expected(kind, frames, mss: 1460)
                for bucket in 0..<kind.buckets where found[kind][bucket] != expected[bucket, default: 0] {
                    Issue.record("\(kind) \(kind.range(of: bucket)): \(found[kind][bucket]) ≠ \(expected[bucket] ?? 0)")
                }
            }
        }
    }

    private static func expected(_ kind: HistogramKind, _ frames: [[UInt8]], mss: Int) -> [Int: UInt64] {
        let values =
            switch kind {
            case .frameLength: frames.map(\.count)
            case .ttl: [64, 64, 255, 1, 1]
            case .trafficClass: [46 << 2 | 1, 0, 0, 0, 0]
            case .fragments: [0, 1]
            case .tcpFlags: [0x02, 0x18]
            case .window: [1000, 0]
            case .mss: [mss]
            }
        return values.reduce(into: [:]) { counts, value in
            counts[(0..<kind.buckets).first { kind.range(of: $0).contains(value) }!, default: 0] += 1
        }
    }

    @Test("buckets follow one another without a gap", arguments: HistogramKind.allCases)
    func ranges(_ kind: HistogramKind) {
        #expect(kind.range(of: 0).lowerBound == 0)
        for bucket in 1..<kind.buckets {
            #expect(kind.range(of: bucket).lowerBound == kind.range(of: bucket - 1).upperBound + 1)
        }
    }
}
