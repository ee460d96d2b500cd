import CHdrlog
import Corpus
import PacketBuilder
import Records
import Testing

@Suite("The walk in the kernel is the walk in Swift", .serialized, .enabled(if: isRoot, "needs root"))
struct WalkTests {
    typealias Program = LoadedPrograms.Program

    /// Frames of every kind that the walk knows, with as many optional parts as they can have.
    static let kinds: [(name: String, bytes: [UInt8])] = [
        (
            "TCP behind two tags and IPv4 options",
            Packet(
                .ethernet(), .vlan(1, priority: 5), .vlan(2, tpid: 0x88A8), .ipv4(options: [7, 7, 4, 0, 0, 0, 0, 0]),
                .tcp(flags: .syn, options: Layer.synOptions), .payload(9))
        ),
        ("TCP with 40 bytes of options", Packet(.ethernet(), .ipv6(), .tcp(options: .init(repeating: 1, count: 40)))),
        (
            "TCP behind IPv6 extension headers",
            Packet(
                .ethernet(), .ipv6(), .extensionHeader(), .extensionHeader(43, length: 24), .fragment(), .ah(),
                .extensionHeader(60), .tcp(options: [8, 10]))
        ),
        ("a later IPv6 fragment", Packet(.ethernet(), .ipv6(), .fragment(offset: 9, more: true), .payload(40))),
        (
            "a whole packet's fragment header before a later fragment's",
            Packet(.ethernet(), .ipv6(), .fragment(), .ah(), .fragment(offset: 32), .udp(), .payload(8))
        ),
        ("a later IPv4 fragment", Packet(.ethernet(), .ipv4(fragmentOffset: 9, protocol: 6), .payload(40))),
        ("a first IPv4 fragment", Packet(.ethernet(), .ipv4(moreFragments: true), .udp(), .payload(24))),
        ("UDP", Packet(.ethernet(), .ipv4(options: [1, 1, 1, 1]), .udp(), .payload(30))),
        ("UDP-Lite", Packet(.ethernet(), .ipv6(), .udpLite(), .payload(30))),
        ("ICMP", Packet(.ethernet(), .ipv4(), .icmp(), .payload(30))),
        ("ICMPv6 behind a tag", Packet(.ethernet(), .vlan(3), .ipv6(), .icmpv6(), .payload(8))),
        ("ICMPv6 in IPv4", Packet(.ethernet(), .ipv4(), .icmpv6(), .payload(8))),
        ("ICMP in IPv6", Packet(.ethernet(), .ipv6(), .icmp(), .payload(8))),
        ("SCTP", Packet(.ethernet(), .ipv4(), .sctp(), .payload(16))),
        ("GRE", Packet(.ethernet(), .ipv4(), .gre(), .ipv4(), .udp())),
        ("GRE with all fields", Packet(.ethernet(), .ipv6(), .gre(key: 1, sequence: 2, checksum: true), .ipv4())),
        (
            "GRE of PPTP",
            Packet(.ethernet(), .ipv4(), .gre(key: 1, sequence: 2).patched(0, [0x30, 0x81]), .payload(20))
        ),
        ("ESP", Packet(.ethernet(), .ipv4(), .esp(), .payload(40))),
        ("AH in IPv4", Packet(.ethernet(), .ipv4(), .ah(), .udp())),
        ("AH in IPv6", Packet(.ethernet(), .ipv6(), .ah(), .udp())),
        ("ARP", Packet(.ethernet(), .arp(), .payload(18))),
        ("RARP", Packet(.ethernet(type: 0x8035), .arp(operation: 3))),
        ("802.3 length", Packet(.ethernet(type: 60), .payload(60))),
        ("an EtherType of another kind", Packet(.ethernet(type: 0x88CC), .payload(30))),
        (
            "five tags",
            Packet([.ethernet()] + (1...5).map { .vlan($0, tpid: [0x8100, 0x88A8, 0x9100][Int($0) % 3]) } + [.ipv4()])
        ),
        (
            "ten extension headers",
            Packet([.ethernet(), .ipv6()] + Array(repeating: .extensionHeader(60), count: 10) + [.udp()])
        ),
        ("more headers than are kept", Packet(.ethernet(), .ipv6(), .extensionHeader(length: 248), .tcp())),
        ("IP in IP", Packet(.ethernet(), .ipv4(), .ipv4(), .udp())),
    ].map { ($0.0, $0.1.bytes) }

    @Test("each cut of each kind of frame, in every program")
    func cuts() throws {
        let programs = try LoadedPrograms()
        let walks = try Differential(programs)
        try programs.use {
            for (name, bytes) in Self.kinds {
                try bytes.withUnsafeBytes { all in
                    for program in Program.allCases {
                        for length in program.shortest...bytes.count {
                            try walks.check(program, UnsafeRawBufferPointer(rebasing: all[..<length]), name)
                        }
                    }
                }
            }
            try walks.checkCounters()
        }
        print("cuts: \(walks.frames) runs")
        #expect(walks.differences.isEmpty, "\(walks.report)")
    }

    @Test("L3 devices, whose frames begin with the IP header")
    func rawIP() throws {
        let programs = try LoadedPrograms()
        let walks = try Differential(programs, linkType: HDRLOG_LINK_RAW_IP)
        try programs.use {
            for (name, bytes) in Self.kinds {
                // Also those that are no IP behind these 14 bytes: what a device hands over is not chosen by us.
                try bytes.withUnsafeBytes { all in
                    for program in Program.allCases {
                        for length in program.shortest...max(program.shortest, bytes.count - 14) {
                            let end = min(14 + length, bytes.count)
                            try walks.check(program, UnsafeRawBufferPointer(rebasing: all[14..<end]), name)
                        }
                    }
                }
            }
            try walks.checkCounters()
        }
        #expect(walks.differences.isEmpty, "\(walks.report)")
    }

    @Test("frames that were changed at random", arguments: [UInt64(1), 2, 3])
    func mutations(_ seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let programs = try LoadedPrograms()
        let walks = try Differential(programs)
        try programs.use {
            for _ in 0..<10_000 {
                let program = Program.allCases.randomElement(using: &random)!
                let frame = Self.mutated(using: &random)
                _ = try frame.withUnsafeBytes { try walks.check(program, $0, "\(frame)") }
            }
            try walks.checkCounters()
        }
        #expect(walks.differences.isEmpty, "\(walks.report)")
    }

    /// A frame of some kind with up to four changes, perhaps cut.
    static func mutated(using random: inout SplitMix64) -> [UInt8] {
        var frame = kinds.randomElement(using: &random)!.bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) { frame.change(using: &random) }
        guard Int.random(in: 0...3, using: &random) == 0 else { return frame }
        return Array(frame.prefix(Int.random(in: 14...frame.count, using: &random)))
    }

    @Test("random bytes behind every EtherType that is walked", arguments: [UInt64(4), 5])
    func noise(_ seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let programs = try LoadedPrograms()
        let walks = try Differential(programs)
        let types: [[UInt8]] = [
            [0x08, 0x00, 0x45], [0x86, 0xDD, 0x60], [0x08, 0x06], [0x81, 0x00], [0x80, 0x35], [],
        ]
        try programs.use {
            for _ in 0..<5_000 {
                let program = Program.allCases.randomElement(using: &random)!
                let count = Int.random(in: program.shortest...400, using: &random)
                var frame = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                for (offset, byte) in types.randomElement(using: &random)!.enumerated() where 12 + offset < count {
                    frame[12 + offset] = byte
                }
                _ = try frame.withUnsafeBytes { try walks.check(program, $0, "\(frame)") }
            }
            try walks.checkCounters()
        }
        #expect(walks.differences.isEmpty, "\(walks.report)")
    }
}

extension [UInt8] {
    /// Changes one byte: to anything, by one bit, or to a value that lengths and versions turn on.
    fileprivate mutating func change(using random: inout SplitMix64) {
        let place = indices.randomElement(using: &random)!
        switch Int.random(in: 0...2, using: &random) {
        case 0: self[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: self[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        default: self[place] = [0, 1, 4, 5, 6, 0x40, 0x45, 0x4F, 0x50, 0x60, 0xFF].randomElement(using: &random)!
        }
    }
}
