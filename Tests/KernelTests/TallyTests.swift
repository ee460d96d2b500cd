import CHdrlog
import Capture
import Corpus
import Foundation
import PacketBuilder
import Records
import Testing

@Suite("Flows and histograms against the records", .serialized, .enabled(if: isRoot, "needs root"))
struct TallyTests {
    @Test("frames that were changed at random", arguments: LoadedPrograms.Program.allCases)
    func mutations(_ program: LoadedPrograms.Program) throws {
        var random = SplitMix64(state: 21)
        let frames = (0..<5_000).map { _ in WalkTests.mutated(using: &random) } + WalkTests.kinds.map(\.bytes)
        try check(program) { send in
            for frame in frames { try frame.withUnsafeBytes(send) }
        }
    }

    @Test(
        "every frame of the corpus",
        .enabled(if: Corpus.isPresent, Comment(rawValue: Corpus.absence)))
    func corpus() throws {
        try check(.xdp) { send in
            for file in try Corpus.files() {
                try CaptureFile(file).visit { _, _, bytes in try send(bytes) }
            }
        }
    }

    /// Sends frames and holds the kernel's flows and histograms against those worked out from the records.
    private func check(
        _ program: LoadedPrograms.Program, _ sendAll: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let programs = try LoadedPrograms()
        var expected = Tallies()
        var flows: [FlowIdentity: FlowSum] = [:]
        try programs.use {
            try sendAll { frame in
                guard program.takes(frame) else { return }
                let kept = try #require(try programs.run(program, frame).first)
                kept.withRecord { expected.add($0, $0.layout) }
            }
            let counters = try programs.counters(program.direction) { record in
                flows[FlowIdentity(record.key), default: FlowSum()].add(record.value)
            }
            #expect(counters.untracked == 0)
            #expect(counters.keyed == flows.values.reduce(0) { $0 + $1.frames })
            for kind in HistogramKind.allCases {
                #expect(counters.histograms[kind] == expected.histograms[kind.rawValue], "\(kind)")
            }
        }
        print("\(program): \(flows.count) flows of \(expected.frames) frames")
        #expect(flows.count == expected.flows.count)
        let wrong = expected.flows.filter { flows[$0.key] != $0.value }
        #expect(wrong.isEmpty, "\(wrong.prefix(5).map { ($0, flows[$0.key]) })")
    }
}

/// The key's bytes.
private struct FlowIdentity: Hashable {
    let bytes: [UInt8]

    init(_ key: hdrlog_flow_key) { bytes = withUnsafeBytes(of: key) { Array($0) } }
}

private struct FlowSum: Equatable {
    var frames: UInt64 = 0
    var wirePackets: UInt64 = 0
    var bytes: UInt64 = 0
    var flags: UInt16 = 0
    var leastTTL = UInt8.max
    var greatestTTL = UInt8.min

    mutating func add(_ value: hdrlog_flow_value) {
        frames += value.frames
        wirePackets += value.wire_packets
        bytes += value.bytes
        flags |= value.tcp_flags
        leastTTL = min(leastTTL, value.min_ttl)
        greatestTTL = max(greatestTTL, value.max_ttl)
    }
}

/// What the programs must have counted, worked out from the records alone.
private struct Tallies {
    private(set) var frames = 0
    private(set) var flows: [FlowIdentity: FlowSum] = [:]
    private(set) var histograms = HistogramKind.allCases.map { [UInt64](repeating: 0, count: $0.buckets) }

    mutating func add(_ record: HeaderRecord, _ layout: HeaderLayout) {
        frames += 1
        count(.frameLength, Int(record.frameLength))
        guard layout.isIP else { return }
        let facts = hdrlog_facts(record, layout)
        addToFlow(facts, record)
        count(.ttl, Int(facts.ttl))
        count(.trafficClass, Int(facts.traffic_class))
        if facts.fragment & 0x3FFF != 0 { count(.fragments, facts.fragment & 0x1FFF != 0 ? 1 : 0) }
        guard facts.has & UInt16(HDRLOG_HAS_TCP.rawValue) != 0 else { return }
        count(.tcpFlags, Int(facts.tcp_flags & 0xFF))
        count(.window, Int(facts.window))
        // 0 is nobody's maximum.
        if facts.tcp_flags & 2 != 0, case .integer(let size)? = record.value(of: .mss, layout), size > 0 {
            count(.mss, Int(size))
        }
    }

    private mutating func count(_ kind: HistogramKind, _ value: Int) {
        let bucket = (0..<kind.buckets).first { kind.range(of: $0).contains(value) }!
        histograms[kind.rawValue][bucket] += 1
    }

    private mutating func addToFlow(_ facts: hdrlog_facts, _ record: HeaderRecord) {
        let key = withUnsafeBytes(of: facts) { $0.loadUnaligned(as: hdrlog_flow_key.self) }
        var value = hdrlog_flow_value()
        value.frames = 1
        value.wire_packets = UInt64(record.metadata.segments)
        value.bytes = UInt64(record.frameLength)
        value.tcp_flags = facts.has & UInt16(HDRLOG_HAS_TCP.rawValue) != 0 ? facts.tcp_flags : 0
        value.min_ttl = facts.ttl
        value.max_ttl = facts.ttl
        flows[FlowIdentity(key), default: FlowSum()].add(value)
    }
}
