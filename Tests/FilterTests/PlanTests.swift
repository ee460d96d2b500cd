import PacketBuilder
import Records
import Testing

@testable import Filter

@Suite("Plans for columns")
struct PlanTests {
    private func filter(_ text: String) throws -> CompiledFilter {
        CompiledFilter(try FilterExpression(parsing: text), interfaces: Sample.interfaces)
    }

    @Test("what flows settle is split off, and both parts together mean the filter")
    func split() throws {
        let (flow, rest) = try filter("tcp port 443 and len > 100 and net 10.0.0.0/8 and not tcp flags rst").split
        #expect(flow.expression.description == "tcp port 443 and net 10.0.0.0/8")
        #expect(rest.expression.description == "frameLength > 100 and not tcpFlags & 4 = 4")
        #expect(try filter("port 80 or ttl = 1").split.flow.isAlwaysTrue)
        #expect(try filter("port 80 or port 81").split.rest.isAlwaysTrue)
    }

    @Test("a flow key with everything known settles the flow part of any filter", arguments: [UInt64(41), 42])
    func flowPartIsSettled(_ seed: UInt64) {
        var trees = RandomTrees(seed: seed)
        for _ in 0..<1_000 {
            let whole = CompiledFilter(FilterExpression(root: trees.node(depth: 2)), interfaces: Sample.interfaces)
            let (flow, rest) = whole.split
            for sample in Sample.allCases {
                sample.withRecord { record in
                    let layout = record.layout
                    let verdict = flow.verdict(for: FlowKey(record, layout))
                    #expect(verdict != .depends, "\(flow.expression) on \(sample)")
                    let joined = verdict == .yes && rest.matches(record, layout)
                    #expect(joined == whole.matches(record, layout), "\(whole.expression) on \(sample)")
                }
            }
        }
    }

    @Test("a filter's steps and keys are plain memory: evaluation touches no reference count")
    func plainMemory() {
        #expect(_isPOD(CompiledFilter.Step.self))
        #expect(_isPOD(FlowKey.self))
        #expect(_isPOD(FieldTest.self))
    }

    @Test("the fields that a filter reads are named")
    func fields() throws {
        #expect(
            try filter("udp port 53 and ttl < 5").fields == [
                .protocol, .ttl, .sourcePort, .destinationPort,
            ])
        #expect(try filter("ether src 1:2:3:4:5:6").fields == [.sourceMac])
        #expect(try filter("ip[0] = 0x45").needsHeaderBytes)
        #expect(try !filter("tcp flags syn").needsHeaderBytes)
    }

    @Test("a conjunction of comparisons can run over columns")
    func conjunction() throws {
        let tests = try #require(try filter("len > 1k and tcp flags syn and ttl != 64").conjunction)
        #expect(tests.map(\.field) == [.frameLength, .tcpFlags, .ttl])
        #expect(tests[0].holds(1001) && !tests[0].holds(1000))
        #expect(tests[1].holds(0x12) && !tests[1].holds(0x10))
        #expect(tests[2].holds(63) && !tests[2].holds(64))
        #expect(try filter("ttl = 1 or ttl = 2").conjunction == nil)
        #expect(try filter("ttl in {1, 2}").conjunction == nil)
    }
}
