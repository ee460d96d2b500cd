internal import ArgumentParser
internal import CLinux
internal import Glibc
internal import PacketBuilder
internal import Records

/// Sends an exact number of frames from inside the kernel: what tests, benchmarks and the demo count against.
@main
struct Hdrgen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hdrgen",
        abstract: "Send an exact number of UDP frames out of an interface, as fast as the kernel makes them.",
        discussion: """
            Frames go from 198.51.100.7, ports from 1024 on, to 192.0.2.1. On a veth pair the other end needs a native XDP \
            program, or GRO switched on (ethtool --offload DEV gro on), or the frames vanish.
            """)

    @Option(help: "The interface that frames leave by.") var interface: String
    @Option(help: "How many frames.") var count: Int
    @Option(help: "Frames a second, in bursts of some 25 ms; as fast as it goes by default.") var rate: Int?
    @Option(help: "Bytes of a frame, 42 to 1514.") var length = 64
    @Option(help: "Flows that the frames belong to; they differ in source port, at random and evenly.") var flows = 1
    @Flag(help: "65,535 flows, drawn log-uniformly: few large and many small ones.") var skewed = false
    @Option(help: "Destination port.") var port: UInt16 = 9

    func validate() throws {
        guard count >= 0 else { throw ValidationError("--count must not be negative") }
        guard rate.map({ $0 > 0 }) ?? true else { throw ValidationError("--rate must be at least 1") }
        guard (42...1514).contains(length) else { throw ValidationError("--length must be from 42 to 1514") }
        guard !skewed || flows == 1 else { throw ValidationError("--skewed and --flows exclude each other") }
        guard (1...60_000).contains(flows) else { throw ValidationError("--flows must be from 1 to 60000") }
    }

    func run() throws {
        let index = if_nametoindex(interface)
        guard index != 0 else { throw ValidationError("no interface named \(interface)") }
        // Frames of one sender on two processors overflow the receiver's queue.
        _ = hdrlog_stay_on_this_processor()
        let spread: Flows = skewed ? .skewed : flows > 1 ? .even(flows) : .one
        let kernel = try LiveFrames(interface: index, flows: spread)
        let frame = frame
        try Pace(rate: rate).run(count: count) { number throws(KernelError) in try kernel.send(frame, count: number) }
    }

    /// A frame with right lengths and checksums; without a UDP checksum if the program changes its port.
    private var frame: [UInt8] {
        var bytes = Packet(
            .ethernet(), .ipv4(from: "198.51.100.7", to: "192.0.2.1"), .udp(from: 1024, to: port), .payload(length - 42)
        ).bytes
        if flows > 1 || skewed { bytes.replaceSubrange(40..<42, with: [0, 0]) }
        return bytes
    }
}
