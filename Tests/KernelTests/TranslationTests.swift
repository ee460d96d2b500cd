import CHdrlog
import Testing

@testable import BPF
@testable import Capture

@Suite("Values of another version are read by the names of their fields")
struct TranslationTests {
    private typealias Field = Structure.Field

    private func translate(_ from: Structure, _ to: Structure, _ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: to.size)
        result.withUnsafeMutableBytes { result in
            bytes.withUnsafeBytes { Translation(from: from, to: to).apply($0.baseAddress!, to: result.baseAddress!) }
        }
        return result
    }

    @Test("fields move, and what only one of the two has is passed over or stays 0")
    func moved() {
        let from = Structure(
            size: 8,
            fields: [
                "a": Field(offset: 0, size: 2, count: 1), "gone": Field(offset: 2, size: 2, count: 1),
                "b": Field(offset: 4, size: 1, count: 4),
            ])
        let to = Structure(
            size: 9,
            fields: [
                "b": Field(offset: 0, size: 1, count: 4), "new": Field(offset: 4, size: 2, count: 1),
                "a": Field(offset: 7, size: 2, count: 1),
            ])
        #expect(translate(from, to, [1, 2, 3, 4, 5, 6, 7, 8]) == [5, 6, 7, 8, 0, 0, 0, 1, 2])
        #expect(translate(to, from, [5, 6, 7, 8, 9, 9, 9, 1, 2]) == [1, 2, 0, 0, 5, 6, 7, 8])
    }

    @Test("numbers become wider, and narrower ones as great as they can be")
    func widths() {
        let narrow = Structure(
            size: 6, fields: ["n": Field(offset: 0, size: 2, count: 2), "m": Field(offset: 4, size: 1, count: 1)])
        let wide = Structure(
            size: 20, fields: ["n": Field(offset: 0, size: 8, count: 2), "m": Field(offset: 16, size: 4, count: 1)])
        #expect(
            translate(narrow, wide, [1, 2, 3, 4, 5, 0])
                == [1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0])
        let great: [UInt8] = [1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
        #expect(translate(wide, narrow, great) == [1, 2, 255, 255, 255, 0])
    }

    @Test("of arrays, as many elements are taken as both have")
    func arrays() {
        let short = Structure(size: 2, fields: ["a": Field(offset: 0, size: 1, count: 2)])
        let long = Structure(size: 4, fields: ["a": Field(offset: 0, size: 1, count: 4)])
        #expect(translate(short, long, [1, 2]) == [1, 2, 0, 0])
        #expect(translate(long, short, [1, 2, 3, 4]) == [1, 2])
    }

    @Test("what Swift sees of the shared header is what the programs' types tell")
    func agrees() throws {
        let types = try Object(opening: EmbeddedObject.bytes).structures(Tables.structures)
        #expect(types.keys.sorted() == Tables.structures.sorted())
        func check<Value>(_: Value.Type, _ name: String, _ fields: [(String, PartialKeyPath<Value>)]) {
            #expect(types[name]?.size == MemoryLayout<Value>.size)
            for (field, path) in fields {
                #expect(types[name]?.fields[field]?.offset == MemoryLayout<Value>.offset(of: path), "\(name).\(field)")
            }
        }
        check(
            hdrlog_record.self, "hdrlog_record",
            [
                ("boot_ns", \.boot_ns), ("ifindex", \.ifindex), ("frame_length", \.frame_length), ("rate", \.rate),
                ("captured", \.captured), ("segments", \.segments), ("vlan_tci", \.vlan_tci),
                ("vlan_tpid", \.vlan_tpid),
                ("direction", \.direction), ("generation", \.generation), ("malformed", \.malformed),
                ("link_type", \.link_type),
            ])
        check(hdrlog_longest_record.self, "hdrlog_longest_record", [("headers", \.headers)])
        check(hdrlog_ring.self, "hdrlog_ring", [("produced", \.produced), ("consumed", \.consumed)])
        check(
            hdrlog_control.self, "hdrlog_control",
            [
                ("generation", \.generation), ("collected", \.collected), ("identifier", \.identifier),
                ("absorbed", \.absorbed), ("banks[1].rate", \.banks.1.rate),
            ])
        check(hdrlog_port.self, "hdrlog_port", [("ifindex", \.ifindex), ("slot", \.slot), ("link_type", \.link_type)])
        check(
            hdrlog_counters.self, "hdrlog_counters",
            [
                ("counts.frames", \.counts.frames), ("counts.untracked", \.counts.untracked),
                ("counts.malformed", \.counts.malformed), ("counts.ethertypes[1].bytes", \.counts.ethertypes.1.bytes),
                ("counts.protocols[255].frames", \.counts.protocols.255.frames),
                ("histograms.window", \.histograms.window), ("histograms.mss", \.histograms.mss),
            ])
        check(
            hdrlog_totals.self, "hdrlog_totals",
            [("tracked", \.tracked), ("drained", \.drained), ("counts.protocols[3].bytes", \.counts.protocols.3.bytes)])
        check(
            hdrlog_flow.self, "hdrlog_flow",
            [
                ("key.source", \.key.source), ("key.destination_port", \.key.destination_port), ("key.cpu", \.key.cpu),
                ("value.frames", \.value.frames), ("value.tcp_flags", \.value.tcp_flags), ("value.next", \.value.next),
            ])
        check(hdrlog_flow_usage.self, "hdrlog_flow_usage", [("entries", \.entries)])
        check(hdrlog_tally.self, "hdrlog_tally", [("frames", \.frames), ("bytes", \.bytes)])
    }

    @Test(
        "the kernel hands out the types of the loaded programs as the compiler wrote them",
        .enabled(if: isRoot, "needs root"))
    func fromTheKernel() throws {
        let capture = try Capture(ringMemory: 1 << 20)
        let (descriptor, own) = (capture.programs.types, capture.programs.structures(Tables.structures))
        let types = try Structure.read(Tables.structures, of: try #require(descriptor))
        #expect(types == own && types.count == Tables.structures.count)
        #expect(throws: BPFError.self) { try Structure.read(["hdrlog_ring"], of: -1) }
    }
}
