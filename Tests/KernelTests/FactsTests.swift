import BPF
import CHdrlog
import Capture
import Corpus
import Filter
import Foundation
import PacketBuilder
import Records
import Testing

@Suite("What rules and flows are told of a frame", .serialized, .enabled(if: isRoot, "needs root"))
struct FactsTests {
    /// With a rule, so that the addresses of L2 are noted too; it matches none of these frames.
    private func programs() throws -> LoadedPrograms {
        var settings = CaptureSettings()
        settings.rules = [Rule(match: try FilterExpression(parsing: "ether host 77:77:77:77:77:77"), action: .count)]
        return try LoadedPrograms(settings)
    }

    @Test("each cut of each kind of frame: what a reader of the record would say", arguments: linkTypes)
    func cuts(_ linkType: hdrlog_link_type) throws {
        let told = try Told(programs(), linkType)
        try told.programs.use {
            for (name, bytes) in WalkTests.kinds {
                let frame = linkType == HDRLOG_LINK_RAW_IP ? Array(bytes.dropFirst(14)) : bytes
                for length in 14...max(14, frame.count) {
                    for program in LoadedPrograms.Program.allCases {
                        try told.check(program, frame.prefix(length), "\(name), \(length) bytes")
                    }
                }
            }
        }
        #expect(told.differences.isEmpty, "\(told.report)")
    }

    @Test("frames that were changed at random", arguments: [UInt64(11), 12])
    func mutations(_ seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let told = try Told(programs(), HDRLOG_LINK_ETHERNET)
        try told.programs.use {
            for _ in 0..<10_000 {
                let frame = WalkTests.mutated(using: &random)
                let program = LoadedPrograms.Program.allCases.randomElement(using: &random)!
                try told.check(program, frame[...], "\(frame)")
            }
        }
        #expect(told.differences.isEmpty, "\(told.report)")
    }

    @Test(
        "every frame of the corpus",
        .enabled(if: Corpus.isPresent, Comment(rawValue: Corpus.absence)))
    func corpus() throws {
        let told = try Told(programs(), HDRLOG_LINK_ETHERNET)
        try told.programs.use {
            for file in try Corpus.files() {
                let capture = try CaptureFile(file)
                for (number, frame) in capture.frames.enumerated() {
                    try told.check(.xdp, capture.contents[frame.bytes], "\(file.lastPathComponent) \(number + 1)")
                }
            }
        }
        print("facts: \(told.frames) frames of the corpus")
        #expect(told.differences.isEmpty, "\(told.report)")
    }

    static let linkTypes = [HDRLOG_LINK_ETHERNET, HDRLOG_LINK_RAW_IP]

    /// What the programs told of the frames so far, where it was not what the record tells.
    private final class Told {
        let programs: LoadedPrograms
        private(set) var frames = 0
        private(set) var differences: [String] = []

        var report: String { "\(differences.count)\n\(differences.prefix(30).joined(separator: "\n"))" }

        init(_ programs: LoadedPrograms, _ linkType: hdrlog_link_type) throws {
            self.programs = programs
            programs.set(linkType: linkType)
        }

        func check(
            _ program: LoadedPrograms.Program, _ frame: ArraySlice<UInt8>, _ origin: @autoclosure () -> String
        ) throws {
            guard let records = try frame.withUnsafeBytes({ try program.takes($0) ? programs.run(program, $0) : nil })
            else { return }
            frames += 1
            let expected = try #require(records.first).withRecord { hdrlog_facts($0, $0.layout) }
            let faults = try programs.facts().map { $0.differences(from: expected) }
            if !faults.contains("") {
                differences.append("\(program), \(origin()): \(faults.min { $0.count < $1.count } ?? "")")
            }
        }
    }
}

extension hdrlog_facts {
    /// Fields that say something and are not as expected, in words.
    fileprivate func differences(from expected: hdrlog_facts) -> String {
        var wrong: [String] = []
        func compare<Value: Equatable>(_ name: String, _ field: KeyPath<hdrlog_facts, Value>, if told: Bool = true) {
            guard told, self[keyPath: field] != expected[keyPath: field] else { return }
            wrong.append("\(name) \(self[keyPath: field]) ≠ \(expected[keyPath: field])")
        }
        func has(_ bit: hdrlog_has) -> Bool { expected.has & UInt16(bit.rawValue) != 0 }
        let isIP = [HDRLOG_NETWORK_IPV4, HDRLOG_NETWORK_IPV6].contains { expected.network == UInt8($0.rawValue) }
        compare("frame length", \.frame_length)
        compare("interface", \.ifindex)
        compare("direction", \.direction)
        compare("malformed", \.malformed)
        compare("has", \.has)
        compare("vlan", \.vlan)
        compare("inner vlan", \.inner_vlan)
        compare("vlan count", \.vlan_count)
        compare("network", \.network)
        compare("ethertype", \.ethertype, if: isIP || has(HDRLOG_HAS_ETHERNET))
        compare("protocol", \.protocol, if: isIP)
        compare("ttl", \.ttl, if: isIP)
        compare("traffic class", \.traffic_class, if: isIP)
        // The key of the flow has ports of 0 where there are none.
        compare("source port", \.source_port, if: isIP)
        compare("destination port", \.destination_port, if: isIP)
        compare("TCP flags", \.tcp_flags, if: has(HDRLOG_HAS_TCP))
        compare("window", \.window, if: has(HDRLOG_HAS_TCP))
        compare("fragment", \.fragment, if: has(HDRLOG_HAS_FRAGMENT))
        compare("ICMP type", \.icmp_type, if: has(HDRLOG_HAS_ICMP))
        compare("ICMP code", \.icmp_code, if: has(HDRLOG_HAS_ICMP))
        if has(HDRLOG_HAS_ADDRESSES), bytes(\.source) != expected.bytes(\.source) { wrong.append("source") }
        if has(HDRLOG_HAS_ADDRESSES), bytes(\.destination) != expected.bytes(\.destination) {
            wrong.append("destination")
        }
        if has(HDRLOG_HAS_ETHERNET), bytes(\.ethernet) != expected.bytes(\.ethernet) { wrong.append("MAC addresses") }
        return wrong.joined(separator: ", ")
    }

    private func bytes<Value>(_ field: KeyPath<hdrlog_facts, Value>) -> [UInt8] {
        withUnsafeBytes(of: self[keyPath: field]) { Array($0) }
    }
}
