import BPF
import CLinux
import Capture
import Filter
import PacketBuilder
import Records

/// What the XDP program costs a frame, net of an empty program, in nanoseconds.
///
/// Each round measures every setting once, one after the other, and its own empty program: a machine that is busy for a
/// while is so for all of them. The median of the rounds' differences counts.
struct FrameCost {
    /// What is switched on beside counting.
    struct Setting: Sendable {
        var key: String
        var spreads = false
        var change: @Sendable (inout CaptureSettings) -> Void
    }

    private static let rounds = 41
    private static let repetitions = 100_000
    private static let warmUp = 140_000

    private let capture: Capture
    private let device: Device
    private let chunk = RecordChunk(capacity: 1 << 22)

    init() throws {
        capture = try Capture(ringMemory: 64 << 20, flowMemory: 128 << 20)
        device = Device(named: "lo")!
        // Enters the interface; nothing is sent on this namespace's loopback.
        try capture.attach(device, hook: .tc, directions: [.egress])
    }

    static let settings: [Setting] = [
        Setting(key: "count") {
            $0.countsFlows = false
            $0.countsHistograms = false
        },
        Setting(key: "histograms") { $0.countsFlows = false },
        Setting(key: "flows_1") { _ in },
        Setting(key: "flows_64k", spreads: true) { _ in },
        Setting(key: "sample") { $0.samplingRate = 1 },
        Setting(key: "sample_64k", spreads: true) { $0.samplingRate = 1 },
        Setting(key: "rules16") { $0.rules = rules },
    ]

    /// 16 rules of two terms, none of which matches: each is tried.
    private static var rules: [Rule] {
        (0..<16).map { index in
            Rule(
                match: try! FilterExpression(parsing: "tcp port \(1000 + index) and src net 10.\(index).0.0/16"),
                action: .ignore)
        }
    }

    /// - Returns: median nanoseconds by the settings' keys.
    func measure() throws -> [String: Double] {
        let program = try capture.programs.program("hdrlog_xdp")
        let frame = Packet(.ethernet(), .ipv4(), .tcp(), .payload(10)).bytes
        let run = TestRun(frame: frame, interface: device.index)
        let empty = try Callers.empty()
        // The kernel empties a program array when its last descriptor is closed.
        let ours = try ProgramArray(program)
        let none = try ProgramArray(empty)
        let spreadOurs = try Callers.spread(ours)
        let spreadEmpty = try Callers.spread(none)
        var differences: [String: [Double]] = [:]
        for _ in 0..<Self.rounds {
            for setting in Self.settings {
                try use(setting)
                let cost: Double
                if setting.spreads {
                    _ = try run.nanoseconds(spreadOurs, repetitions: Self.warmUp)
                    drain()
                    cost =
                        try run.nanoseconds(spreadOurs, repetitions: Self.repetitions)
                        - run.nanoseconds(spreadEmpty, repetitions: Self.repetitions)
                } else {
                    _ = try run.nanoseconds(program, repetitions: 1000)
                    cost =
                        try run.nanoseconds(program, repetitions: Self.repetitions)
                        - run.nanoseconds(empty, repetitions: Self.repetitions)
                }
                drain()
                differences[setting.key, default: []].append(cost)
            }
        }
        extendLifetime(ours)
        extendLifetime(none)
        return differences.mapValues { $0.sorted()[$0.count / 2] }
    }

    private func use(_ setting: Setting) throws {
        var settings = CaptureSettings()
        settings.samplingRate = 0
        settings.kept = []
        setting.change(&settings)
        try capture.apply(settings)
        _ = try capture.snapshot {
            drain()
            return true
        }
    }

    private func drain() {
        repeat { chunk.removeAll() } while !capture.drain(into: chunk)
    }
}
