import CHdrlog
import PacketBuilder
import Records
import Testing

@testable import Filter

/// Random trees of every primitive: the canonical text has to mean the tree, and what flows and blocks say of a
/// filter has to agree with what their records say.
@Suite("Properties")
struct PropertyTests {
    @Test("printing and parsing any tree gives the same tree", arguments: [UInt64(1), 2, 3, 4])
    func printedTreesParse(_ seed: UInt64) throws {
        var trees = RandomTrees(seed: seed)
        for _ in 0..<2_000 {
            let expression = FilterExpression(root: trees.node(depth: 3))
            let parsed = try FilterExpression(parsing: expression.description)
            #expect(parsed == expression, "\(expression)")
        }
    }

    @Test("a flow's verdict never contradicts a record of the flow", arguments: [UInt64(5), 6])
    func flowVerdicts(_ seed: UInt64) {
        var trees = RandomTrees(seed: seed)
        var settled = 0
        for _ in 0..<1_000 {
            let filter = CompiledFilter(FilterExpression(root: trees.node(depth: 2)), interfaces: Sample.interfaces)
            for sample in Sample.allCases {
                sample.withRecord { record in
                    let verdict = filter.verdict(for: FlowKey(record, record.layout))
                    guard verdict != .depends else { return }
                    settled += 1
                    #expect(
                        (verdict == .yes) == filter.matches(record, record.layout), "\(filter.expression) \(sample)")
                }
            }
        }
        #expect(settled > 1_000)
    }

    @Test("a block that holds a selected record is never skipped", arguments: [UInt64(7), 8])
    func pruning(_ seed: UInt64) {
        var trees = RandomTrees(seed: seed)
        var skipped = 0
        for _ in 0..<1_000 {
            let filter = CompiledFilter(FilterExpression(root: trees.node(depth: 2)), interfaces: Sample.interfaces)
            for sample in Sample.allCases {
                sample.withRecord { record in
                    guard !filter.mayMatch(OneRecordSummary(record)) else { return }
                    skipped += 1
                    #expect(!filter.matches(record, record.layout), "\(filter.expression) \(sample)")
                }
            }
        }
        #expect(skipped > 1_000)
    }

    @Test("no mutilated expression makes the parser trap", arguments: [UInt64(9), 10])
    func mutilatedExpressions(_ seed: UInt64) {
        var trees = RandomTrees(seed: seed)
        for _ in 0..<3_000 {
            var text = Array(FilterExpression(root: trees.node(depth: 2)).description)
            guard !text.isEmpty else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &trees.random) {
                let place = Int.random(in: text.indices, using: &trees.random)
                switch Int.random(in: 0...2, using: &trees.random) {
                case 0: text[place] = "()[]{}&|!=<>,-/:\\\"aé0".randomElement(using: &trees.random)!
                case 1: text.insert(text.randomElement(using: &trees.random)!, at: place)
                default: if text.count > 1 { text.remove(at: place) }
                }
            }
            do throws(FilterError) {
                _ = CompiledFilter(try FilterExpression(parsing: String(text)))
            } catch {
                #expect((1...(text.count + 1)).contains(error.column), "\(String(text)): \(error)")
            }
        }
    }
}

/// The tightest summary there can be: that of a block with one record.
private struct OneRecordSummary: BlockSummary {
    let record: HeaderRecord
    let key: FlowKey

    init(_ record: HeaderRecord) {
        self.record = record
        key = FlowKey(record, record.layout)
    }

    func mayHold(interface: UInt32) -> Bool { key.interface == interface }
    func mayHold(direction: Direction) -> Bool { key.direction == direction }
    func mayHold(ipProtocol: UInt8) -> Bool { record.ipProtocol(record.layout) == ipProtocol }
    func mayHold(etherType: UInt16) -> Bool { key.etherType == etherType }
    func mayHold(prefix: IPPrefix) -> Bool {
        key.hasAddresses && (prefix.contains(key.source) || prefix.contains(key.destination))
    }
    func mayHold(ports: ClosedRange<UInt16>) -> Bool {
        key.hasPorts && (ports.contains(key.sourcePort) || ports.contains(key.destinationPort))
    }
    func range(of field: Field) -> ClosedRange<UInt64>? {
        if case .integer(let value) = record.value(of: field) { value...value } else { nil }
    }
}
