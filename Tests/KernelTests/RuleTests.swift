import Capture
import Filter
import PacketBuilder
import Records
import Testing

@Suite("Rules on the way of a packet", .serialized, .enabled(if: isRoot, "needs root"))
struct RuleTests {
    typealias Program = LoadedPrograms.Program

    private static let dns = Packet(.ethernet(), .ipv4(from: "10.1.2.3", to: "192.0.2.1"), .udp(to: 53)).bytes
    private static let web = Packet(.ethernet(), .ipv4(), .tcp(to: 443)).bytes
    private static let ssh = Packet(.ethernet(), .ipv6(), .tcp(to: 22)).bytes

    private static func rule(_ text: String, _ action: Rule.Action) throws -> Rule {
        Rule(match: try FilterExpression(parsing: text), action: action)
    }

    @Test("the first rule that matches decides: ignored, counted, sampled or by default", arguments: Program.allCases)
    func actions(_ program: Program) throws {
        let programs = try LoadedPrograms()
        try programs.use {
            try programs.apply {
                $0.rules = [
                    try Self.rule("udp port 53 and src net 10.0.0.0/8", .ignore),
                    try Self.rule("tcp port 443", .count),
                    try Self.rule("tcp port 22", .sample(rate: 1)),
                    try Self.rule("tcp", .ignore),
                ]
            }
            #expect(try programs.run(program, Self.dns).isEmpty)
            #expect(try programs.run(program, Self.web).isEmpty)
            #expect(try programs.run(program, Self.ssh).count == 1)
            #expect(try programs.run(program, Packet(.ethernet(), .arp()).bytes).count == 1)
            let counters = try programs.counters(program.direction)
            #expect(counters.frames == 4)
            #expect((counters.filtered, counters.counted, counters.sampled) == (1, 1, 2))
            #expect(counters.keyed == 2, "what a rule ignores is in no flow")
        }
    }

    @Test("a rule on the interface's name follows the interface")
    func interfaceName() throws {
        let programs = try LoadedPrograms()
        try programs.use {
            try programs.apply { $0.rules = [try Self.rule("interface logged and tcp", .ignore)] }
            #expect(try programs.run(.xdp, Self.web).isEmpty)
            try programs.apply { $0.rules = [try Self.rule("interface other and tcp", .ignore)] }
            #expect(try programs.run(.xdp, Self.web).count == 1)
            try programs.apply { $0.rules = [] }
            #expect(try programs.run(.xdp, Self.web).count == 1)
        }
    }

    @Test("a rule that the kernel cannot evaluate changes nothing")
    func refused() throws {
        let programs = try LoadedPrograms()
        try programs.use {
            try programs.apply { $0.rules = [try Self.rule("tcp port 443", .ignore)] }
            #expect(throws: CaptureError.self) {
                try programs.apply { $0.rules = [try Self.rule("tsVal > 7", .ignore)] }
            }
            #expect(try programs.run(.ingress, Self.web).isEmpty)
        }
    }

    @Test("64 rules of each kind load and decide", arguments: Program.allCases)
    func manyRules(_ program: Program) throws {
        let programs = try LoadedPrograms()
        try programs.use {
            try programs.apply { settings in
                settings.rules = try (0..<64).map {
                    try Self.rule("udp port \($0 + 1000) and src net 10.0.\($0).0/24 and ttl < 65", .count)
                }
            }
            let last = Packet(.ethernet(), .ipv4(from: "10.0.63.9", to: "192.0.2.1"), .udp(to: 1063)).bytes
            #expect(try programs.run(program, last).isEmpty)
            #expect(try programs.run(program, Self.dns).count == 1)
        }
    }
}
