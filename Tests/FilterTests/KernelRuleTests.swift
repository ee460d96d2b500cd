import CHdrlog
import PacketBuilder
import Records
import Testing

@testable import Filter

@Suite(
    "Rules in the kernel",
    .enabled(if: KernelRunner.isPossible, "loading BPF programs needs root and a kernel that lets us"))
struct KernelRuleTests {
    @Test("the verifier accepts every rule of the table, for XDP and tc", arguments: [RuleProgram.Hook.xdp, .tc])
    func verifierAccepts(_ hook: RuleProgram.Hook) throws {
        let rules = SelectionTests.table.compactMap { try? RuleTests.rule($0.0) }
            .filter { (try? RuleProgram([$0], for: hook, interfaces: Sample.interfaces)) != nil }
        for rule in rules {
            let program = try RuleProgram([rule], for: hook, interfaces: Sample.interfaces)
            do {
                _ = try KernelRunner(program, hook)
            } catch {
                Issue.record("\(rule.match): \(error)")
            }
        }
        // All in one program, too.
        _ = try KernelRunner(try RuleProgram(rules, for: hook, interfaces: Sample.interfaces), hook)
        #expect(rules.count > 60)
    }

    @Test("the kernel runs the rules as the filter means them")
    func kernelAgrees() throws {
        var trees = RandomTrees(seed: 31)
        var loaded = 0
        while loaded < 150 {
            let rules = (0..<4).map {
                Rule(match: FilterExpression(root: trees.node(depth: 2)), action: .sample(rate: $0 + 1))
            }
            guard let program = try? RuleProgram(rules, for: .xdp, interfaces: Sample.interfaces) else { continue }
            let runner = try KernelRunner(program, .xdp)
            let filters = rules.map { CompiledFilter($0.match, interfaces: Sample.interfaces) }
            loaded += 1
            for sample in Sample.allCases {
                try sample.withRecord { record in
                    let layout = record.layout
                    let (facts, verdict) = try runner.run(hdrlog_facts(record, layout))
                    let expected = filters.firstIndex { $0.matches(record, layout) }
                    let found = facts.action == 0 ? nil : Int(facts.rule)
                    #expect(found == expected, "\(rules.map(\.match)) on \(sample)")
                    #expect(facts.action == 0 || facts.rate == facts.rule + 1)
                    #expect(verdict == KernelRunner.finished)
                }
            }
        }
    }

    @Test("256 rules load")
    func manyRulesLoad() throws {
        let rules = try (0..<256).map {
            try RuleTests.rule("tcp port \($0) and (src net 10.0.\($0).0/24 or dst net 2001:db8:\($0)::/48)", .count)
        }
        _ = try KernelRunner(try RuleProgram(rules, for: .xdp), .xdp)
    }

    @Test("16 rules of two terms cost at most 30 ns; on a slow processor, twice the tail calls there and back")
    func cost() throws {
        let sixteen = try (0..<16).map { try RuleTests.rule("udp port \($0 + 5000) and src net 10.0.\($0).0/24") }
        let none = try KernelRunner(try RuleProgram([], for: .xdp), .xdp)
        let all = try KernelRunner(try RuleProgram(sixteen, for: .xdp), .xdp)
        for (name, sample) in [("a TCP packet", Sample.web), ("a UDP packet", .dns)] {
            let facts = sample.withRecord { hdrlog_facts($0, $0.layout) }
            _ = try (none.run(facts), all.run(facts))
            // Interleaved, and the least of each: this machine has other work, too.
            var best = (none: UInt32.max, all: UInt32.max)
            for _ in 0..<15 {
                best.none = min(best.none, try none.execute(1_000_000).nanoseconds)
                best.all = min(best.all, try all.execute(1_000_000).nanoseconds)
            }
            print("rules: \(name): no rules \(best.none) ns, 16 rules \(best.all) ns (tail calls included)")
            #expect(best.all <= best.none + max(30, 2 * best.none))
        }
    }
}
