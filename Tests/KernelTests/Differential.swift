import CHdrlog
import Capture
import Records

/// Holds what the loaded programs make of frames against what Swift's walk makes of the same bytes.
final class Differential {
    /// The exact counters that the frames so far must have led to, of one direction.
    private struct Expected {
        var frames: UInt64 = 0
        var bytes: UInt64 = 0
        var malformed = [UInt64](repeating: 0, count: Int(HDRLOG_MALFORMED_REASONS.rawValue))
        /// Frames by EtherType and by IP protocol.
        var etherTypes: [UInt16: UInt64] = [:]
        var protocols = [UInt64](repeating: 0, count: 256)
        var protocolBytes = [UInt64](repeating: 0, count: 256)

        mutating func add(_ layout: HeaderLayout, _ frame: UnsafeRawBufferPointer, linkType: hdrlog_link_type) {
            frames += 1
            bytes += UInt64(frame.count)
            if layout.malformed != 0 { malformed[Int(layout.malformed)] += 1 }
            etherTypes[Self.etherType(layout, frame, linkType), default: 0] += 1
            guard layout.isIP else { return }
            protocols[Int(layout.upperProtocol)] += 1
            protocolBytes[Int(layout.upperProtocol)] += UInt64(frame.count)
        }

        /// The programs count an L3 device's packets by the EtherType that they would have.
        private static func etherType(
            _ layout: HeaderLayout, _ frame: UnsafeRawBufferPointer, _ linkType: hdrlog_link_type
        ) -> UInt16 {
            guard linkType == HDRLOG_LINK_RAW_IP else { return layout.etherType }
            return switch frame[0] >> 4 {
            case 4: EtherType.ipv4
            case 6: EtherType.ipv6
            default: 0
            }
        }
    }

    private let programs: LoadedPrograms
    private let linkType: hdrlog_link_type
    private var expected: [Direction: Expected] = [.ingress: Expected(), .egress: Expected()]
    private(set) var frames = 0
    /// What did not agree; the first ones tell enough.
    private(set) var differences: [String] = []

    init(_ programs: LoadedPrograms, linkType: hdrlog_link_type = HDRLOG_LINK_ETHERNET) throws {
        self.programs = programs
        self.linkType = linkType
        programs.set(linkType: linkType)
    }

    /// Runs a program on a frame and compares its record with the walk in Swift.
    /// - Parameter origin: names the frame in a difference.
    /// - Returns: the record; nil when there is not exactly one, and for a frame that the kernel takes for no test run.
    @discardableResult
    func check(
        _ program: LoadedPrograms.Program, _ frame: UnsafeRawBufferPointer, linear: Int? = nil,
        _ origin: @autoclosure () -> String
    ) throws -> LoadedPrograms.Kept? {
        guard program.takes(frame) else { return nil }
        let layout = HeaderLayout(
            walking: frame, linkType: UInt8(linkType.rawValue), frameLength: frame.count)
        let kept = try programs.run(program, frame, linear: linear)
        frames += 1
        expected[program.direction]!.add(layout, frame, linkType: linkType)
        guard kept.count == 1, let record = kept.first else {
            note("\(program.rawValue) \(origin()): \(kept.count) records")
            return nil
        }
        let wrong = faults(record, layout, frame, program.direction)
        if !wrong.isEmpty {
            let place = linear.map { "\(program.rawValue), \($0) linear" } ?? program.rawValue
            note("\(place), \(origin()), \(frame.count) bytes: \(wrong.joined(separator: ", "))")
        }
        return record
    }

    private func note(_ difference: String) { differences.append(difference) }

    private func faults(
        _ record: LoadedPrograms.Kept, _ layout: HeaderLayout, _ frame: UnsafeRawBufferPointer, _ direction: Direction
    ) -> [String] {
        let told = record.metadata
        var wrong: [String] = []
        func compare<Value: Equatable>(_ name: String, _ found: Value, _ expected: Value) {
            if found != expected { wrong.append("\(name) \(found) ≠ \(expected)") }
        }
        compare("captured", told.captured, layout.end)
        compare("malformed", told.malformed, layout.malformed)
        compare("frame length", Int(told.frame_length), frame.count)
        compare("direction", told.direction, direction.rawValue)
        compare("interface", told.ifindex, programs.device.index)
        compare("link type", UInt32(told.link_type), linkType.rawValue)
        compare("rate", told.rate, 1)
        compare("segments", told.segments, 1)
        compare("stripped tag", told.vlan_tpid, 0)
        if told.boot_ns == 0 { wrong.append("no time") }
        if !record.bytes.elementsEqual(frame.prefix(Int(layout.end))) { wrong.append("bytes differ") }
        wrong += rebuilt(record, layout)
        return wrong
    }

    /// What a reader of the record sees must be what the walk saw of the frame.
    private func rebuilt(_ record: LoadedPrograms.Kept, _ layout: HeaderLayout) -> [String] {
        let again = record.bytes.withUnsafeBytes {
            HeaderLayout(
                walking: $0, linkType: record.metadata.link_type, frameLength: Int(record.metadata.frame_length))
        }
        return again == layout ? [] : ["the record's layout \(again) ≠ the frame's \(layout)"]
    }

    /// Compares the exact counters with what the frames must have led to.
    func checkCounters() throws {
        for direction in Direction.allCases {
            let found = try programs.counters(direction)
            let expected = expected[direction]!
            func compare(_ name: String, _ found: UInt64, _ expected: UInt64) {
                if found != expected { note("\(direction): \(name) counted \(found), sent \(expected)") }
            }
            compare("frames", found.frames, expected.frames)
            compare("bytes", found.bytes, expected.bytes)
            compare("wire packets", found.wirePackets, expected.frames)
            compare("sampled", found.sampled, expected.frames)
            compare("drained", found.drained, expected.frames)
            for reason in expected.malformed.indices {
                compare("malformed \(reason)", found.malformed[reason], expected.malformed[reason])
            }
            let places = [
                (EtherType.ipv4, HDRLOG_ETHERTYPE_IPV4), (EtherType.ipv6, HDRLOG_ETHERTYPE_IPV6),
                (EtherType.arp, HDRLOG_ETHERTYPE_ARP),
            ]
            for (type, place) in places {
                compare("type \(type)", found.etherTypes[Int(place.rawValue)].frames, expected.etherTypes[type] ?? 0)
            }
            let others = expected.etherTypes.filter { type, _ in !places.contains { $0.0 == type } }
            let other = found.etherTypes[Int(HDRLOG_ETHERTYPE_OTHER.rawValue)].frames
            compare("other types", other, others.values.reduce(0, +))
            for number in 0..<256 {
                compare("protocol \(number)", found.protocols[number].frames, expected.protocols[number])
                compare("protocol \(number) bytes", found.protocols[number].bytes, expected.protocolBytes[number])
            }
        }
    }

    /// The first differences, for a failed expectation.
    var report: String { "\(differences.count) differences\n" + differences.prefix(20).joined(separator: "\n") }
}
