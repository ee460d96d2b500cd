import CHdrlog
import Filter
import Foundation
import Records
import StoreFixtures
import Testing

@testable import Store

/// Which files a query has open, and what that means for the writer.
@Suite("Open segments")
struct OpenSegmentsTests {
    let scratch = ScratchDirectory(inMemory: true)

    /// Sealed segments of a block each, and a running one with a block.
    private func store(sealed: Int) throws -> StoreWriter {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 100)
        let writer = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "a"], now: 1).writer
        var traffic = SyntheticTraffic()
        for number in 0...sealed {
            if number > 0 { writer.rotate(now: Int64(10 * number)) }
            let chunk = RecordChunk(capacity: 1 << 20)
            traffic.fill(chunk, count: 100)
            writer.append(chunk, now: Int64(10 * number + 1))
            writer.flush(now: Int64(10 * number + 2))
        }
        try #require(try writer.reader.segments().map(\.state.rawValue).filter { $0 == "sealed" }.count == sealed)
        return writer
    }

    /// Segments that descriptors of this process belong to.
    private var open: Set<String> {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let paths = descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        return Set(paths.filter { $0.hasPrefix(scratch.path) && $0.hasSuffix(".db") })
    }

    @Test("however many segments there are, few are open at a time", arguments: [1, 2])
    func few(threads: Int) throws {
        let writer = try store(sealed: 20)
        defer { writer.close(now: 1000) }
        for reader in [writer.reader, StoreReader(directory: scratch.path)] {
            for order in [Query.Order.ascending, .descending] {
                var (query, most, count) = (Query(), 0, 0)
                query.order = order
                let result = try reader.query(query, threads: threads) { _, _ in
                    count += 1
                    if count % 100 == 50 { most = max(most, open.count) }
                    return true
                }
                #expect(result.delivered == 2100 && result.unreadable.isEmpty && result.gaps.isEmpty)
                // Each thread's, the one in use, and the writer's own.
                #expect(most >= OpenSegments.most && most <= threads * (OpenSegments.most + 1) + 1)
            }
        }
    }

    @Test("a query under way keeps the running segment from being sealed only while it reads that one")
    func sealing() throws {
        let writer = try store(sealed: 3)
        defer { writer.close(now: 1000) }
        let running = try #require(try writer.reader.segments().last)
        let cursors = try [writer.reader, StoreReader(directory: scratch.path)].map { try $0.cursor(Query()) }
        for cursor in cursors { #expect(cursor.fetch(50) { _, _ in }) }
        writer.rotate(now: 100)
        let state = try writer.reader.segments().first { $0.name == running.name }?.state
        #expect(state == .sealed)
        for cursor in cursors {
            var rest = 0
            while cursor.fetch(1000, { _, _ in rest += 1 }) {}
            #expect(rest == 350 && cursor.result.unreadable.isEmpty)
        }
    }

    @Test("what a sealed segment holds can be read to the end after the file is gone")
    func deleted() throws {
        let writer = try store(sealed: 3)
        defer { writer.close(now: 1000) }
        let cursor = try writer.reader.cursor(Query())
        #expect(cursor.fetch(50) { _, _ in })
        let first = try #require(scratch.segmentFiles.first)
        unlink(scratch.path + "/" + first)
        var rest = 0
        while cursor.fetch(1000, { _, _ in rest += 1 }) {}
        #expect(rest == 350 && cursor.result.gaps.isEmpty)
    }
}
