import CHdrlog
import Capture
import Filter
import PacketBuilder
import Records
import Testing

@Suite("Sampling in the kernel", .serialized, .enabled(if: isRoot, "needs root"))
struct SamplingTests {
    private static let plain = Packet(.ethernet(), .ipv4(), .tcp(flags: .ack), .payload(10)).bytes
    private static let error = Packet(.ethernet(), .ipv4(), .icmp(type: 3, code: 1), .payload(28)).bytes
    private static let echo = Packet(.ethernet(), .ipv4(), .icmp(type: 8), .payload(28)).bytes
    private static let broken = Packet(.ethernet(), .ipv4(), .tcp()).cut(to: 40)

    private static func settings(_ change: (inout CaptureSettings) throws -> Void) rethrows -> CaptureSettings {
        var settings = CaptureSettings()
        settings.samplingRate = 1_000_000
        try change(&settings)
        return settings
    }

    @Test(
        "TCP's edges, ICMP errors and malformed packets are always kept, at rate 1",
        arguments: LoadedPrograms.Program.allCases)
    func classes(_ program: LoadedPrograms.Program) throws {
        let programs = try LoadedPrograms(Self.settings { $0.kept = [.tcpEdges, .icmpErrors, .malformed] })
        try programs.use {
            for flags in [TCPFlags.syn, [.syn, .ack], [.fin, .ack], .rst] {
                let kept = try programs.run(program, Packet(.ethernet(), .ipv4(), .tcp(flags: flags)).bytes)
                #expect(kept.map(\.metadata.rate) == [1])
            }
            #expect(try programs.run(program, Self.error).map(\.metadata.rate) == [1])
            #expect(try programs.run(program, Self.broken).map(\.metadata.rate) == [1])
            #expect(try programs.run(program, Self.plain).isEmpty)
            #expect(try programs.run(program, Self.echo).isEmpty)
            try programs.apply { $0.kept = [] }
            #expect(try programs.run(program, Self.error).isEmpty)
        }
    }

    @Test("the first packets of each flow are kept")
    func firstPackets() throws {
        let programs = try LoadedPrograms(Self.settings { $0.firstPackets = 3 })
        try programs.use {
            for port in UInt16(1)...4 {
                let frame = Packet(.ethernet(), .ipv4(), .udp(from: port)).bytes
                let kept = try (0..<10).map { _ in try programs.run(.xdp, frame).count }
                #expect(kept == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
            }
        }
    }

    @Test("totals estimated from the records and their rates are right, on average over rules, classes and thinning")
    func unbiased() throws {
        let programs = try LoadedPrograms(
            Self.settings {
                $0.samplingRate = 20
                $0.thinning = 2
                $0.rules = [
                    Rule(match: try FilterExpression(parsing: "udp port 53"), action: .sample(rate: 5))
                ]
            })
        let frames = [Self.plain, Self.error, Packet(.ethernet(), .ipv4(), .udp(to: 53)).bytes]
        let rounds = 20_000
        try programs.use {
            for (frame, rate) in zip(frames, [40.0, 2, 10]) {
                var (records, estimate) = (0, 0)
                for _ in 0..<rounds {
                    for kept in try programs.run(.ingress, frame) {
                        records += 1
                        estimate += Int(kept.metadata.rate)
                        #expect(Double(kept.metadata.rate) == rate)
                    }
                }
                // The estimate's standard deviation is sqrt(n (rate - 1)); five of them: one false alarm in a million.
                let deviation = (Double(rounds) * (rate - 1)).squareRoot()
                #expect(abs(Double(estimate - rounds)) < 5 * deviation, "1 in \(rate): \(records) records")
            }
            let counters = try programs.counters(.ingress)
            #expect(counters.frames == UInt64(frames.count * rounds))
            #expect(counters.frames == counters.counted + counters.sampled)
            #expect(counters.sampled == counters.drained + counters.ringLost)
        }
    }
}
