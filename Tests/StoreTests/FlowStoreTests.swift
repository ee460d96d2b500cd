import CHdrlog
import Filter
import Foundation
import Records
import SQLite
import StoreFixtures
import Testing

@testable import Store

@Suite("Flows and counters in the store")
struct FlowStoreTests {
    private let scratch = ScratchDirectory()
    private static let second: Int64 = 1_000_000_000

    private static func flow(_ number: Int, at time: Int64, ipv6: Bool = false) -> FlowRecord {
        var key = hdrlog_flow_key()
        withUnsafeMutableBytes(of: &key) { bytes in
            for index in 0..<(ipv6 ? 16 : 4) {
                bytes[index] = UInt8(truncatingIfNeeded: 10 + number * index)
                bytes[16 + index] = UInt8(truncatingIfNeeded: 20 + index)
            }
        }
        key.network = UInt8((ipv6 ? HDRLOG_NETWORK_IPV6 : HDRLOG_NETWORK_IPV4).rawValue)
        key.ifindex = 3
        (key.source_port, key.destination_port, key.protocol) = (UInt16(1000 + number), 443, 6)
        key.vlan = number % 2 == 0 ? UInt16(HDRLOG_NO_TAG) : 42
        var value = hdrlog_flow_value()
        (value.frames, value.wire_packets, value.bytes) = (UInt64(number + 1), UInt64(2 * number + 1), 1500)
        (value.tcp_flags, value.min_ttl, value.max_ttl) = (0x12, 60, 64)
        var flow = FlowRecord(key: key, value: value, clockOffset: 0)
        (flow.first, flow.last) = (time - 1000, time + 5 * second)
        return flow
    }

    private static func interval(_ number: Int, flows count: Int) -> FlowInterval {
        let from = Int64(1_700_000_000 + 10 * number) * second
        return FlowInterval(
            from: from, to: from + 10 * second, names: [3: "eth0"],
            flows: (0..<count).map { flow($0, at: from, ipv6: $0 % 3 == 0) },
            counters: [
                CounterSample(interface: 3, direction: .ingress, kind: .seen, frames: 7, bytes: 700),
                CounterSample(interface: 3, direction: .egress, kind: .ttl, value: 64, frames: UInt64.max),
                CounterSample(interface: 3, direction: .ingress, kind: .untracked, frames: 2),
            ])
    }

    private static func isSame(_ left: FlowRecord, _ right: FlowRecord) -> Bool {
        withUnsafeBytes(of: left.key) { a in withUnsafeBytes(of: right.key) { a.elementsEqual($0) } }
            && left.value.frames == right.value.frames && left.value.wire_packets == right.value.wire_packets
            && left.value.bytes == right.value.bytes && left.value.tcp_flags == right.value.tcp_flags
            && left.value.min_ttl == right.value.min_ttl && left.value.max_ttl == right.value.max_ttl
            && left.first == right.first && left.last == right.last
    }

    @Test("an interval comes back as it was written") func roundTrip() throws {
        let interval = Self.interval(0, flows: 1000)
        let bytes = ByteBuffer()
        FlowIntervalEncoder().encode(interval, to: bytes)
        let back = try #require(FlowIntervalDecoder().decode(bytes.bytes, from: interval.from, to: interval.to))
        #expect(back.names == interval.names && back.counters == interval.counters)
        #expect(back.flows.count == 1000 && zip(back.flows, interval.flows).allSatisfy(Self.isSame))
    }

    @Test("an interval cut or changed anywhere is an error or another interval, never a crash") func damage() {
        let bytes = ByteBuffer()
        FlowIntervalEncoder().encode(Self.interval(0, flows: 20), to: bytes)
        let decoder = FlowIntervalDecoder()
        for length in 0..<bytes.count {
            _ = decoder.decode(UnsafeRawBufferPointer(rebasing: bytes.bytes[..<length]), from: 0, to: 1)
        }
        for place in 0..<bytes.count {
            var changed = Array(bytes.bytes)
            changed[place] ^= 0x55
            _ = changed.withUnsafeBytes { decoder.decode($0, from: 0, to: 1) }
        }
    }

    @Test("flows of several intervals add up, selected by a filter and ordered") func query() throws {
        let directory = scratch
        let writer = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 1)
        for number in 0..<5 { writer.append(Self.interval(number, flows: 10), now: Int64(number + 2)) }
        let reader = FlowReader(directory: directory.path)
        var query = FlowQuery()
        query.order = .packets
        query.limit = 3
        var answer = try reader.flows(query)
        #expect(answer.count == 10 && answer.flows.count == 3)
        #expect(answer.flows.map(\.flow.value.frames) == [50, 45, 40])
        #expect(answer.untracked == 10 && answer.damage.isEmpty)
        #expect(answer.flows[0].interface == "eth0")
        query.filter = try FilterExpression(parsing: "port 1003 and vlan 42 and interface eth0")
        answer = try reader.flows(query)
        #expect(answer.count == 1 && answer.packets == 20)
        query.range = Self.interval(4, flows: 0).from..<Int64.max
        #expect(try reader.flows(query).packets == 4)
        query.filter = try FilterExpression(parsing: "ttl < 3")
        #expect(throws: StoreError.self) { try reader.flows(query) }
    }

    @Test("counters of several intervals add up, by time bucket, kind and interface") func counters() throws {
        let directory = scratch
        let writer = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 1)
        for number in 0..<6 { writer.append(Self.interval(number, flows: 0), now: Int64(number + 2)) }
        let reader = FlowReader(directory: directory.path)
        var query = CounterQuery()
        var totals = try reader.counters(query).totals
        #expect(totals.map(\.kind) == [.seen, .untracked, .ttl])
        #expect(totals[0].frames == 42 && totals[0].bytes == 4200 && totals[0].interface == "eth0")
        #expect(totals[1].frames == 12 && totals[2].direction == .egress)
        (query.kinds, query.bucket) = ([.seen], 30 * Self.second)
        totals = try reader.counters(query).totals
        // 1,700,000,000 lies 20 s behind a whole half minute: intervals end 30, 40 … 80 s behind it.
        #expect(totals.map(\.frames) == [7, 21, 14])
        #expect(totals[1].bucket! - totals[0].bucket! == 30 * Self.second)
        query.range = Self.interval(5, flows: 0).from..<Int64.max
        #expect(try reader.counters(query).totals.map(\.frames) == [7])
        query.interface = "eth1"
        #expect(try reader.counters(query).totals.isEmpty)
        query = CounterQuery()
        query.mostTotals = 2
        #expect(throws: StoreError.self) { try reader.counters(query) }
    }

    @Test("a segment of flows of a newer format, a foreign one and a running one without its WAL are told")
    func unreadable() throws {
        let directory = scratch
        let writer = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 1)
        writer.append(Self.interval(0, flows: 1), now: 2)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        let name = try #require(files.first { SegmentName.parse($0) != nil })
        let copy = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: false)
        let there = copy.path + "/" + name
        try FileManager.default.copyItem(atPath: directory.path + "/" + name, toPath: there)
        var damage = try FlowReader(directory: copy.path).verify().damage
        #expect(damage.map(\.problem) == ["copied while running, without its -wal file"])
        for (pragma, word) in [("user_version = 99", "newer"), ("application_id = 7", "not a segment")] {
            try Connection(path: there, mode: .readWrite).execute("PRAGMA \(pragma)")
            damage = try FlowReader(directory: copy.path).verify().damage
            #expect(damage.count == 1 && damage[0].problem.contains(word), "\(damage)")
        }
    }

    @Test("a segment that a killed process left is sealed, and what is no segment is set aside") func recovery() throws
    {
        let directory = scratch
        do {
            let writer = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 1)
            writer.append(Self.interval(0, flows: 3), now: 2)
        }
        let foreign = directory.path + "/" + SegmentName.name(family: .flows, start: 9)
        try Data("no database, and longer than a header of one would be; so it goes on for a while here".utf8)
            .write(to: URL(fileURLWithPath: foreign))
        let writer = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 10)
        let setAside = writer.takeEvents().contains { if case .segmentSetAside = $0 { true } else { false } }
        #expect(setAside && FileManager.default.fileExists(atPath: foreign + ".damaged"))
        writer.append(Self.interval(1, flows: 3), now: 11)
        #expect(try FlowReader(directory: directory.path).verify().sound == 2)
    }

    @Test("a damaged interval is told, the others answer") func damagedInterval() throws {
        let directory = scratch
        let writer = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 1)
        for number in 0..<3 { writer.append(Self.interval(number, flows: 5), now: 2) }
        writer.close(now: 3)
        let name = try #require(try StoreDirectory(path: directory.path).names().first { $0.hasPrefix("flows") })
        try Connection(path: directory.path + "/" + name, mode: .readWrite)
            .execute("UPDATE interval SET data = zeroblob(40) WHERE id = 2")
        try Connection(path: directory.path + "/" + name, mode: .readWrite)
            .execute("UPDATE interval SET first = first - 1 WHERE id = 3")
        let (damage, sound) = try FlowReader(directory: directory.path).verify()
        #expect(sound == 1 && damage.map(\.segment) == [name, name])
        let report = try StoreReader(directory: directory.path).verify()
        #expect(report.intervals == 1 && report.findings.map(\.segment) == [name, name])
    }

    @Test("the family keeps to its budget, oldest segments first") func budget() throws {
        let directory = scratch
        var limits = StoreLimits()
        limits.maxUse = 4 << 20
        limits.keepFree = 0
        let writer = try FlowWriter(directory: directory.path, limits: limits, now: 1)
        var generator = SystemRandomNumberGenerator()
        for number in 0..<150 {
            var interval = Self.interval(number, flows: 5000)
            for index in interval.flows.indices { interval.flows[index].value.bytes = generator.next() >> 8 }
            writer.append(interval, now: interval.to)
            let all = StoreDirectory(path: directory.path)
            #expect(try all.names().reduce(0) { $0 + all.allocated($1) } <= limits.maxUse + (64 << 10))
        }
        let deleted = writer.takeEvents().contains { if case .segmentDeleted = $0 { true } else { false } }
        #expect(deleted)
        let answer = try FlowReader(directory: directory.path).flows(FlowQuery())
        #expect(answer.covered?.upperBound == Self.interval(149, flows: 0).to)
    }

    @Test("several segments that are over the budget at once go, the oldest ones") func severalAtOnce() throws {
        let start = Self.interval(0, flows: 0).from
        let writer = try FlowWriter(directory: scratch.path, limits: StoreLimits(), now: start)
        for number in 0..<6 {
            writer.append(Self.interval(number, flows: 10), now: Self.interval(number, flows: 0).to)
            writer.rotate(now: Self.interval(number, flows: 0).to)
        }
        var limits = StoreLimits()
        (limits.keepFree, limits.maxAge) = (0, 25 * Self.second)
        writer.setLimits(limits, now: Self.interval(6, flows: 0).to)
        let left = try FlowReader(directory: scratch.path).segments().compactMap { $0.times?.upperBound }
        #expect(left == [4, 5].map { Self.interval($0, flows: 0).to })
        writer.close(now: Self.interval(6, flows: 0).to)
    }

    @Test("segments of flows end by their size and by their age") func rotation() throws {
        var limits = StoreLimits()
        (limits.keepFree, limits.segmentMaxSize, limits.segmentMaxAge) = (0, 4 << 20, 35 * Self.second)
        let writer = try FlowWriter(directory: scratch.path, limits: limits, now: Self.interval(0, flows: 0).from)
        let reader = FlowReader(directory: scratch.path)
        // An interval is ten seconds: each fifth finds the segment too old.
        for number in 0..<12 {
            writer.append(Self.interval(number, flows: 10), now: Self.interval(number, flows: 0).to)
        }
        #expect(try reader.segments().map { $0.records } == [4, 4, 4])
        (limits.segmentMaxSize, limits.segmentMaxAge) = (300_000, 0)
        writer.setLimits(limits, now: Self.interval(11, flows: 0).to)
        for number in 12..<30 {
            writer.append(Self.interval(number, flows: 2000), now: Self.interval(number, flows: 0).to)
        }
        let segments = try reader.segments()
        #expect(segments.count > 6 && segments.dropFirst(3).allSatisfy { $0.bytes < 600_000 }, "\(segments)")
        writer.close(now: Self.interval(30, flows: 0).to)
    }

    @Test("flipped bits and lost ends of a segment are found: what is answered is right, what is missing is told")
    func flippedBits() throws {
        let writer = try FlowWriter(directory: scratch.path, limits: StoreLimits(), now: 1)
        for number in 0..<40 { writer.append(Self.interval(number, flows: 30), now: Int64(number + 2)) }
        writer.close(now: 100)
        let file = scratch.path + "/" + (try #require(scratch.segmentFiles.first))
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        let known = Dictionary(uniqueKeysWithValues: (0..<40).map { (Self.interval($0, flows: 0).from, $0) })
        var random = Random(seed: 4)
        func check(_ trial: String) throws {
            var sound = 0
            let scan = try FlowReader(directory: scratch.path).forEach(in: .min ..< .max) { interval, _ in
                let expected = known[interval.from].map { Self.interval($0, flows: 30) }
                #expect(expected?.counters == interval.counters && interval.flows.count == 30, "\(trial)")
                sound += 1
                return true
            }
            #expect(sound == 40 || !scan.damage.isEmpty, "\(trial): \(sound)")
        }
        for trial in 0..<300 {
            var bad = good
            for _ in 0...(trial % 3) { bad[Int(random.next() % UInt64(bad.count))] ^= UInt8(1 << (random.next() % 8)) }
            try bad.write(to: URL(fileURLWithPath: file))
            try check("trial \(trial)")
        }
        for length in stride(from: 0, to: good.count, by: 1500) {
            try good.prefix(length).write(to: URL(fileURLWithPath: file))
            try check("length \(length)")
        }
    }

    @Test("the time without a daemon is a gap, and so is what a killed one left unwritten") func down() throws {
        for (wasClosed, reason) in [(true, "not running"), (false, "crashed")] {
            let directory = ScratchDirectory()
            let first = try FlowWriter(directory: directory.path, limits: StoreLimits(), now: 1)
            first.append(Self.interval(0, flows: 1), now: Self.interval(0, flows: 0).to)
            if wasClosed { first.close(now: Self.interval(0, flows: 0).to) }
            let start = Self.interval(3, flows: 0).from
            let next = try FlowWriter(
                directory: directory.path, limits: StoreLimits(), wasClosed: wasClosed, now: start)
            next.append(Self.interval(3, flows: 1), now: start + 10 * Self.second)
            let gaps = try FlowReader(directory: directory.path).flows(FlowQuery()).gaps
            #expect(gaps == [MissingStretch(from: Self.interval(0, flows: 0).to, to: start, reason: reason)])
            next.close(now: start)
        }
    }

    @Test("rotate ends the segment, vacuum deletes whole ones by size and by age") func orders() throws {
        let writer = try FlowWriter(directory: scratch.path, limits: StoreLimits(), now: 1)
        for number in 0..<6 {
            writer.append(Self.interval(number, flows: 10), now: Self.interval(number, flows: 0).to)
            if number < 5 { writer.rotate(now: Self.interval(number, flows: 0).to) }
        }
        let reader = FlowReader(directory: scratch.path)
        #expect(try reader.segments().map(\.state.rawValue) == Array(repeating: "sealed", count: 5) + ["running"])
        let now = Self.interval(6, flows: 0).to
        #expect(writer.vacuum(size: nil, before: Self.interval(1, flows: 0).from + 1, now: now).segments == 1)
        #expect(writer.vacuum(size: 1, before: nil, now: now).segments == 4)
        #expect(try reader.segments().map(\.times) == [Self.interval(5, flows: 0).from...Self.interval(5, flows: 0).to])
        writer.close(now: now)
    }
}
