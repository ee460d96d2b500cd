internal import CHdrlog
internal import Capture
internal import Glibc
internal import Records

/// Relay INTERFACE REPORT: in the place of hdrlogd, a version whose structures are laid out in another way.
///
/// It takes over what systemd holds, counts, drains and hands over, as the daemon does, but stores nothing: when it is told
/// to end, it appends a line of JSON to REPORT, which tells what went through its hands.
@main
struct Relay {
    private let capture: Capture
    private let chunk = RecordChunk(capacity: 1 << 20)
    private var records = 0
    private var badRecords = 0
    /// Of all flows that were handed out.
    private var flowFrames: UInt64 = 0
    /// What all processes counted; histograms since this one began.
    private var counters = InterfaceCounters()
    private var isAddedUp = false

    static func main() throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigprocmask(SIG_BLOCK, &signals, nil)
        var relay = try Relay(interface: CommandLine.arguments[1])
        ServiceManager.ready()
        var round = timespec(tv_sec: 0, tv_nsec: 5_000_000)
        var rounds = 0
        while sigtimedwait(&signals, nil, &round) != SIGTERM {
            relay.drain()
            rounds += 1
            if rounds % 20 == 0 { try relay.snapshot() }
        }
        relay.write(to: CommandLine.arguments[2])
        relay.capture.letGo(keepsFilters: true)
    }

    /// Takes over, as the daemon does at its start.
    private init(interface: String) throws {
        let inherited = ServiceManager.keepsakes
        capture = try Capture(ringMemory: 64 << 20, flowMemory: 8 << 20, inherited: inherited)
        var store = DescriptorStore(inherited: inherited, always: nil)
        store.add(capture.keepsakes)
        guard let device = Device(named: interface) else { fatalError("no interface \(interface)") }
        try capture.attach(device, hook: .native, directions: [.ingress])
        capture.finishTakeover(of: [device.index])
        store.keep(capture.keepsakes)
        try snapshot()
        isAddedUp = capture.isInheritanceAddedUp
        store.keep(capture.keepsakes)
    }

    /// UDP packets with 42 bytes of headers.
    private static func isOfTheBurst(_ record: borrowing HeaderRecord) -> Bool {
        let (metadata, ports) = (record.metadata, record.ports(record.layout))
        return metadata.captured == 42 && metadata.rate == 1 && metadata.segments == 1 && metadata.boot_ns > 0
            && metadata.direction == 0 && ports?.destination == 9
    }

    /// Counts what the rings hold.
    private mutating func drain() {
        var isEmptied = false
        while !isEmptied {
            isEmptied = capture.drain(into: chunk)
            chunk.forEach({ if !Self.isOfTheBurst($0) { badRecords += 1 } })
            records += chunk.count
            chunk.removeAll()
        }
    }

    /// Ends a generation: its flows are in nobody else's hands then.
    private mutating func snapshot() throws {
        var frames: UInt64 = 0
        let all = try capture.snapshot(
            flow: { frames += $0.value.frames },
            wait: {
                drain()
                return true
            })
        flowFrames += frames
        counters = all?.first?.counters ?? counters
    }

    private func write(to report: String) {
        let holds =
            counters.frames == counters.filtered + counters.counted + counters.sampled
            && counters.sampled == counters.drained + counters.ringLost
            && counters.keyed == counters.tracked + counters.untracked
        let line = """
            {"records": \(records), "badRecords": \(badRecords), "flowFrames": \(flowFrames), \
            "udp": \(counters.protocols[17].frames), "ipv4": \(counters.etherTypes[0].frames), \
            "lengths": \(counters.histograms[.frameLength].reduce(0, +)), "frames": \(counters.frames), \
            "holds": \(holds), "isAddedUp": \(isAddedUp), "losesInheritance": \(capture.losesInheritance)}

            """
        let file = open(report, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        _ = line.withCString { Glibc.write(file, $0, strlen($0)) }
        close(file)
    }
}
