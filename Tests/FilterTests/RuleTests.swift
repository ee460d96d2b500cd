import CHdrlog
import Corpus
import Foundation
import PacketBuilder
import Records
import Testing

@testable import Filter

@Suite("Rules")
struct RuleTests {
    /// The program with the map descriptors that `BPFInterpreter` knows.
    static func code(_ rules: [Rule], _ hook: RuleProgram.Hook = .xdp) throws(RuleError) -> [UInt64] {
        try RuleProgram(rules, for: hook, interfaces: Sample.interfaces).instructions { $0 == .facts ? 100 : 200 }
    }

    static func rule(_ text: String, _ action: Rule.Action = .ignore) throws -> Rule {
        Rule(match: try FilterExpression(parsing: text), action: action)
    }

    @Test("the first rule that matches decides, and the next program is called")
    func firstMatchWins() throws {
        let code = try Self.code([
            Self.rule("udp port 53", .ignore), Self.rule("port 443", .sample(rate: 100)), Self.rule("tcp", .count),
        ])
        let expected: [Sample: (hdrlog_rule_action, UInt16, UInt32)] = [
            .dns: (HDRLOG_RULE_IGNORE, 0, 0), .web: (HDRLOG_RULE_SAMPLE, 1, 100), .web6: (HDRLOG_RULE_COUNT, 2, 0),
            .arp: (HDRLOG_RULE_NONE, 0, 0),
        ]
        for (sample, (action, rule, rate)) in expected {
            let machine = try sample.withRecord { try BPFInterpreter.run(code, on: hdrlog_facts($0, $0.layout)) }
            #expect(machine.facts.action == UInt8(action.rawValue), "\(sample)")
            #expect(machine.facts.rule == rule && machine.facts.rate == rate, "\(sample)")
            #expect(machine.tailCall == UInt64(HDRLOG_FINISH))
        }
    }

    @Test("no rules leave every frame to the default sampling")
    func noRules() throws {
        let code = try Self.code([])
        let machine = try Sample.web.withRecord { try BPFInterpreter.run(code, on: hdrlog_facts($0, $0.layout)) }
        #expect(machine.facts.action == UInt8(HDRLOG_RULE_NONE.rawValue) && machine.tailCall == 0)
    }

    @Test("generated code selects what the filter selects", arguments: SelectionTests.table)
    func tableAgrees(_ expression: String, _ expected: [Sample]) throws {
        guard let code = try? Self.code([Self.rule(expression)]) else { return }
        for sample in Sample.allCases {
            let machine = try sample.withRecord { try BPFInterpreter.run(code, on: hdrlog_facts($0, $0.layout)) }
            #expect((machine.facts.action != 0) == expected.contains(sample), "\(expression) on \(sample)")
        }
    }

    @Test("most of the language can be a rule")
    func mostCompiles() {
        let compiled = SelectionTests.table.filter { (try? Self.code([Self.rule($0.0)])) != nil }
        #expect(
            compiled.count >= SelectionTests.table.count * 3 / 4, "\(compiled.count) of \(SelectionTests.table.count)")
    }

    @Test("generated code agrees with the filter on random expressions", arguments: [UInt64(21), 22, 23])
    func randomTreesAgree(_ seed: UInt64) throws {
        var trees = RandomTrees(seed: seed)
        var compared = 0
        while compared < 10_000 {
            let expression = FilterExpression(root: trees.node(depth: 2))
            let filter = CompiledFilter(expression, interfaces: Sample.interfaces)
            guard let code = try? Self.code([Rule(match: expression, action: .count)]) else { continue }
            for sample in Sample.allCases {
                try sample.withRecord { record in
                    let machine = try BPFInterpreter.run(code, on: hdrlog_facts(record, record.layout))
                    let selected = machine.facts.action != 0
                    #expect(selected == filter.matches(record, record.layout), "\(expression) on \(sample)")
                    compared += 1
                }
            }
        }
    }

    @Test("64 and 256 rules compile, one more does not")
    func manyRules() throws {
        let rules = try (0..<256).map { try Self.rule("tcp port \($0) and src net 10.0.\($0).0/24", .sample(rate: 10)) }
        #expect(try Self.code(Array(rules[..<64])).count > 64)
        #expect(try Self.code(rules).count > 256)
        #expect(throws: RuleError.self) { try Self.code(rules + [rules[0]]) }
    }

    @Test(
        "what the kernel cannot evaluate is an error with its place",
        arguments: [
            ("tcp and mss = 1460", 9, "rules know no mss; queries do"),
            ("port 80 or 443 or identification = 5", 19, "rules know no identification; queries do"),
            ("not (udp or has tsVal)", 13, "rules know no tsVal; queries do"),
            ("ah", 1, "extension headers are not seen by rules; write ip proto 51"),
            ("tcp[4:4] = 7", 1, "of bytes, rules know tcp[13], tcp[14:2], ip[8], ip[9], ip6[7], icmp[0] and icmp[1]"),
        ])
    func unknownToTheKernel(_ expression: String, _ column: Int, _ hint: String) throws {
        let rules = [try Self.rule("tcp"), try Self.rule(expression)]
        let error = #expect(throws: RuleError.self) { try Self.code(rules) }
        #expect(error?.rule == 1 && error?.reason.column == column && error?.reason.hint == hint, "\(error!)")
    }

    static let corpusRules = [
        "tcp port 80 or 443", "net 192.168.0.0/16 and not port 53", "ip6 and not icmp6", "tcp flags syn",
        "tcp[tcpflags] & (tcp-rst|tcp-fin) != 0", "ttl < 64 and len > 100", "dscp != 0", "arp or rarp", "vlan",
        "src net fe80::/10 or dst net ff00::/8", "icmpType = 3", "fragmentOffset > 0 or moreFragments", "malformed",
        "broadcast or multicast", "window < 1000", "etherType = 0x88cc", "has vlan and udp", "source != 10.0.0.0/8",
    ]

    @Test(
        "generated code agrees with the filter on every frame of the corpus",
        .enabled(if: Corpus.isPresent, Comment(rawValue: Corpus.absence)))
    func corpusAgrees() throws {
        let filters = try Self.corpusRules.map { CompiledFilter(try FilterExpression(parsing: $0)) }
        let code = try Self.code(try Self.corpusRules.map { try Self.rule($0) })
        var frames = 0
        for file in try Corpus.files() {
            try CaptureFile(file).visit { _, _, bytes in
                // One in five keeps a debug build's time short, and still visits every capture.
                frames += 1
                guard frames % 5 == 0 else { return }
                try Packet(.raw([UInt8](bytes))).withRecord { record in
                    let layout = record.layout
                    let machine = try BPFInterpreter.run(code, on: hdrlog_facts(record, layout))
                    let first = filters.firstIndex { $0.matches(record, layout) }
                    let found = machine.facts.action == 0 ? nil : Int(machine.facts.rule)
                    #expect(found == first, "\(file.lastPathComponent) frame \(frames)")
                }
            }
        }
        print("rules: \(filters.count) rules in \(code.count) instructions on \(frames / 5) corpus frames")
    }
}
