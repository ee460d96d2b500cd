import CHdrlog
import Filter
import Foundation
import Records
import SQLite
import StoreFixtures
import Testing

@testable import Store

/// The sums over a whole segment: when there are any, when they answer, and that nothing depends on them.
@Suite("Rollups")
struct RollupTests {
    let scratch = ScratchDirectory()
    private let start: Int64 = 1_700_000_000_000_000_000

    private func open(_ limits: StoreLimits) throws -> StoreWriter {
        try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: start).writer
    }

    private var limits: StoreLimits {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 200)
        return limits
    }

    private func chunk(_ count: Int, flows: Int = 60) -> RecordChunk {
        var shape = SyntheticTraffic.Shape()
        (shape.flows, shape.start) = (flows, start)
        var traffic = SyntheticTraffic(shape)
        let chunk = RecordChunk(capacity: count * 160)
        traffic.fill(chunk, count: count)
        return chunk
    }

    private func sealed(_ chunk: RecordChunk) throws -> StoreReader {
        let writer = try open(limits)
        writer.append(chunk, now: start)
        writer.close(now: start + 1)
        return StoreReader(directory: scratch.path)
    }

    private var top: Aggregation {
        var question = Aggregation()
        (question.fields, question.measure) = ([.source, .destinationPort], .bytes)
        return question
    }

    @Test("one look answers for all blocks of a sealed segment; a part of them is looked at itself")
    func decoded() throws {
        let reader = try sealed(chunk(6000))
        #expect(scratch.segmentsHaveRollups)
        var question = top
        #expect(try reader.aggregate(question).completeness.decoded == 1)
        question.filter = try FilterExpression(parsing: "port 443")
        #expect(try reader.aggregate(question).completeness.decoded == 1)
        question.filter = try FilterExpression(parsing: "frameLength > 100")
        #expect(try reader.aggregate(question).completeness.decoded > 20)
        question = top
        question.range = (start + 1_000_000)..<Int64.max
        #expect(try reader.aggregate(question).completeness.decoded > 20)
        question = top
        question.fields = [.sourceMac]
        #expect(try reader.aggregate(question).completeness.decoded > 20)
    }

    @Test("without it, or with any of its bytes damaged, the blocks give the same answer, and the damage is found")
    func damaged() throws {
        let reader = try sealed(chunk(6000))
        let answer = try reader.aggregate(top).groups
        let file = scratch.path + "/" + scratch.segmentFiles[0]
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        for change in [
            "UPDATE blob SET data = zeroblob(length(data)) WHERE id = 0", "DELETE FROM blob WHERE id = 2",
            "UPDATE blob SET data = CAST(substr(data, 1, 100) || X'55' || substr(data, 102) AS BLOB) WHERE id = 2",
            "UPDATE rollup SET count = count + 1", "UPDATE rollup SET flows_sum = 1", "UPDATE rollup SET id = 7",
        ] {
            try good.write(to: URL(fileURLWithPath: file))
            try Connection(path: file, mode: .readWrite).execute(change)
            let result = try reader.aggregate(top)
            #expect(result.groups == answer, "\(change)")
            #expect(result.completeness.decoded > 20 && result.completeness.gaps.isEmpty, "\(change)")
            let findings = try reader.verify().findings
            #expect(findings.count == 1 && findings[0].what.contains("rollup"), "\(change): \(findings)")
        }
        try good.write(to: URL(fileURLWithPath: file))
        #expect(try reader.verify().findings.isEmpty)
        try Connection(path: file, mode: .readWrite).execute("DROP TABLE rollup; DELETE FROM blob WHERE id < 8")
        #expect(try reader.aggregate(top).groups == answer)
        #expect(try reader.verify().findings.isEmpty)
    }

    @Test("a rollup of other blocks than there are is not believed")
    func incomplete() throws {
        let reader = try sealed(chunk(6000))
        let file = scratch.path + "/" + scratch.segmentFiles[0]
        try Connection(path: file, mode: .readWrite).execute("DELETE FROM block WHERE id = 5")
        #expect(try reader.aggregate(top).total.records == 5800)
    }

    @Test("flows that are in few blocks, and interfaces that change their names, have none")
    func withoutRollup() throws {
        _ = try sealed(chunk(2000, flows: 1000))
        #expect(!scratch.segmentsHaveRollups)
        try FileManager.default.removeItem(atPath: scratch.path)
        let writer = try open(limits)
        writer.append(chunk(3000), now: start)
        writer.setInterface(2, name: "eth1", now: start)
        writer.append(chunk(3000), now: start)
        writer.close(now: start + 1)
        #expect(!scratch.segmentsHaveRollups)
        var question = Aggregation()
        question.fields = [.interface]
        let groups = try StoreReader(directory: scratch.path).aggregate(question).groups
        #expect(Set(groups.map(\.values)) == [[.interface("eth0")], [.interface("eth1")]])
    }

    @Test("a segment that a kill left running is sealed without one")
    func killed() throws {
        do {
            let writer = try open(limits)
            writer.append(chunk(6000), now: start)
            writer.flush(now: start)
        }
        let writer = try open(limits)
        #expect(!scratch.segmentsHaveRollups)
        #expect(try writer.reader.aggregate(top).total.records == 6000)
    }
}
