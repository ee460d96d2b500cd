import CHdrlog
import CLibBPF
import Foundation
import Records
import Testing

@testable import BPF
@testable import Capture

/// The loaded programs, with an interface entered, run on one given frame at a time (BPF_PROG_TEST_RUN): what they
/// do to it is what they would do to a frame of that interface.
final class LoadedPrograms {
    enum Program: String, CaseIterable, Sendable {
        case xdp = "hdrlog_xdp"
        case ingress = "hdrlog_ingress"
        case egress = "hdrlog_egress"

        var direction: Direction { self == .egress ? .egress : .ingress }

        /// The kernel takes no shorter frame for a test run.
        var shortest: Int { self == .xdp ? 14 : 15 }

        /// Whether the kernel takes a frame for a test run: for tc, it must fit into a page and IP's fixed header must
        /// be whole. Programs on an interface do see other frames; Tests/system sends them.
        func takes(_ frame: UnsafeRawBufferPointer) -> Bool {
            guard frame.count >= shortest, self != .xdp else { return frame.count >= shortest }
            guard frame.count <= LoadedPrograms.longestLinear else { return false }
            return switch UInt16(frame[12]) << 8 | UInt16(frame[13]) {
            case EtherType.ipv4: frame.count >= 34
            case EtherType.ipv6: frame.count >= 54
            default: true
            }
        }
    }

    /// A record as it came out of the ring.
    struct Kept {
        var metadata: hdrlog_record
        var bytes: [UInt8]

        func withRecord<Result>(_ body: (HeaderRecord) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBytes { try body(HeaderRecord(time: 0, metadata: metadata, bytes: $0)) }
        }
    }

    let capture: Capture
    let device: Device
    private let network: TestNetwork
    private let chunk = RecordChunk(capacity: 1 << 20)
    /// A megabyte is more than the kernel takes.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    /// Bytes of a frame that fit into one page beside the head and tail room; XDP puts the rest of longer ones into
    /// fragments, tc programs cannot be tested with them.
    static let longestLinear = 3520

    init(_ settings: CaptureSettings = CaptureSettings()) throws {
        network = try TestNetwork()
        capture = try Capture(ringMemory: 1 << 20, settings: settings)
        device = try network.inside { try #require(Device(named: "logged")) }
        // tc on both sides: nothing but test runs passes the programs, since nothing is on this wire.
        try network.inside { try capture.attach(device, hook: .tc, directions: [.ingress, .egress]) }
    }

    deinit { buffer.deallocate() }

    /// Runs `body` where test runs find the interface.
    func use(_ body: () throws -> Void) throws { try network.inside(body) }

    /// Enters another link type for the interface, as if it were of that kind.
    func set(linkType: hdrlog_link_type) {
        capture.tables.counters.setPort(device.index, slot: slot, linkType: linkType)
    }

    private var slot: UInt16 {
        capture.tables.counters.port(device.index).slot
    }

    /// Runs a program on a frame; call it within `use`.
    /// - Parameters:
    ///   - linear: bytes of the frame that the program can read directly, the others lie in fragments; nil as the
    ///     kernel does it.
    /// - Returns: the records that came of it.
    /// - Throws: `TestRunError` when the kernel does not run it.
    func run(_ program: Program, _ frame: UnsafeRawBufferPointer, linear: Int? = nil, segments: UInt32 = 0) throws
        -> [Kept]
    {
        let descriptor = try capture.programs.program(program.rawValue).descriptor
        let result =
            program == .xdp
            ? runXDP(descriptor, frame, linear: linear)
            : runClassifier(descriptor, frame, linear: linear, segments: segments)
        guard result.error == 0 else { throw TestRunError(number: -result.error) }
        let verdict = result.verdict
        try #require(verdict == (program == .xdp ? XDP_PASS.rawValue : UInt32(bitPattern: -1)), "the frame goes on")
        return drain()
    }

    func run(_ program: Program, _ frame: [UInt8], linear: Int? = nil, segments: UInt32 = 0) throws -> [Kept] {
        try frame.withUnsafeBytes { try run(program, $0, linear: linear, segments: segments) }
    }

    /// What waits in the rings.
    func drain() -> [Kept] {
        chunk.removeAll()
        _ = capture.drain(into: chunk)
        var kept: [Kept] = []
        func keep(_ record: borrowing HeaderRecord) {
            kept.append(Kept(metadata: record.metadata, bytes: Array(record.bytes)))
        }
        chunk.forEach(keep)
        return kept
    }

    /// What rules and flows were told of the last frame: on the processor that ran the program, and what is left of
    /// older frames on the others.
    func facts() throws -> [hdrlog_facts] {
        let map = try capture.programs.map("packets")
        let size = (map.valueSize + 7) & ~7
        return try withUnsafeTemporaryAllocation(byteCount: size * Map.processors, alignment: 8) { values in
            try map.read(0, into: values)
            return (0..<Map.processors).map { values.loadUnaligned(fromByteOffset: $0 * size, as: hdrlog_facts.self) }
        }
    }

    /// Exact counters of one direction since the programs were loaded.
    /// - Parameter flow: gets the flows since the last call, of both directions.
    func counters(_ direction: Direction, flow: (FlowRecord) -> Void = { _ in }) throws -> InterfaceCounters {
        let (counters, flows) = try generation()
        flows.forEach(flow)
        return counters[direction]!
    }

    /// Ends a generation: the counters so far, and what the flow tables held of it. The settings that were applied
    /// before are in force from then on.
    @discardableResult
    func generation() throws -> (counters: [Direction: InterfaceCounters], flows: [FlowRecord]) {
        var flows: [FlowRecord] = []
        let snapshots = try #require(
            try capture.snapshot(
                flow: { flows.append($0) },
                wait: {
                    _ = drain()
                    return true
                }))
        return (Dictionary(uniqueKeysWithValues: snapshots.map { ($0.direction, $0.counters) }), flows)
    }

    /// Puts settings in force.
    func apply(_ change: (inout CaptureSettings) throws -> Void) throws {
        var settings = capture.settings
        try change(&settings)
        try capture.apply(settings)
        try generation()
    }

    private func runXDP(_ descriptor: Int32, _ frame: UnsafeRawBufferPointer, linear: Int?) -> Result {
        var context = xdp_md()
        context.data_end = UInt32(linear ?? frame.count)
        context.ingress_ifindex = device.index
        return withUnsafeBytes(of: &context) { execute(descriptor, frame, context: $0) }
    }

    private func runClassifier(
        _ descriptor: Int32, _ frame: UnsafeRawBufferPointer, linear: Int?, segments: UInt32
    ) -> Result {
        var context = __sk_buff()
        context.data_end = UInt32(linear ?? 0)
        context.ifindex = device.index
        context.gso_segs = segments
        return withUnsafeBytes(of: &context) { execute(descriptor, frame, context: $0) }
    }

    private typealias Result = (error: Int32, verdict: UInt32)

    private func execute(
        _ descriptor: Int32, _ frame: UnsafeRawBufferPointer, context: UnsafeRawBufferPointer
    ) -> Result {
        var options = bpf_test_run_opts()
        options.sz = MemoryLayout<bpf_test_run_opts>.size
        options.data_in = frame.baseAddress
        options.data_size_in = UInt32(frame.count)
        options.data_out = buffer.baseAddress
        options.data_size_out = UInt32(buffer.count)
        options.ctx_in = context.baseAddress
        options.ctx_size_in = UInt32(context.count)
        options.repeat = 1
        return (bpf_prog_test_run_opts(descriptor, &options), options.retval)
    }
}

/// The kernel did not run the program: errno.
struct TestRunError: Error, CustomStringConvertible {
    var number: Int32

    var description: String { "test run: \(String(cString: strerror(number)))" }
}
