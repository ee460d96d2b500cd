import CHdrlog
import Capture
import Foundation
import Records
import Store
import Testing
import Wire

@testable import Daemon

@Suite("Accounting: what status says of records is counted, not inferred")
struct AccountingTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "hdrlog-\(UUID().uuidString)").path
    private let source = StoreStatistics.Source(interface: 2, direction: 0)

    private func chunk(_ count: Int) -> RecordChunk {
        let chunk = RecordChunk(capacity: 1 << 16)
        for number in 0..<count {
            var record = hdrlog_record()
            record.boot_ns = UInt64(number)
            record.ifindex = 2
            record.generation = 1
            record.captured = 14
            let bytes = withUnsafeBytes(of: record) { Array($0) } + [UInt8](repeating: 0, count: 14)
            #expect(bytes.withUnsafeBytes { chunk.append($0) })
        }
        return chunk
    }

    /// What status would say of 30 frames, all of them sampled.
    private func adds(up pipeline: Pipeline, _ writer: StoreWriter, running: UInt8) -> Bool {
        var kernel = InterfaceCounters()
        kernel.frames = 30
        kernel.sampled = 30
        kernel.drained = 30
        let census = pipeline.census(in: writer.reader, before: running)[source] ?? Census()
        return Counters(kernel, census).identities.allSatisfy(\.holds)
    }

    private func open() throws -> StoreWriter {
        var limits = StoreLimits()
        limits.keepFree = 0
        return try StoreWriter.open(directory: directory, limits: limits, interfaces: [2: "eth0"], now: 1).writer
    }

    @Test("the sum is right wherever the records are between the ring and the block")
    func everyStep() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (pipeline, writer) = (Pipeline(chunks: 0, bytes: 8), try open())
        pipeline.send(.chunk(chunk(20)))
        pipeline.send(.chunk(chunk(10)))
        #expect(adds(up: pipeline, writer, running: 2))
        for message in try #require(pipeline.receive(timeout: 0)) {
            #expect(adds(up: pipeline, writer, running: 3), "in hand")
            guard case .chunk(let chunk) = message else { continue }
            writer.append(chunk, now: 1)
            #expect(adds(up: pipeline, writer, running: 4), "taken, and not finished")
            pipeline.finish()
            #expect(adds(up: pipeline, writer, running: 5), "finished")
        }
        writer.close(now: 2)
        #expect(adds(up: pipeline, writer, running: 6), "stored")
    }

    @Test("a chunk that is dropped without a counter makes it not add up")
    func dropped() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (pipeline, writer) = (Pipeline(chunks: 0, bytes: 8), try open())
        pipeline.send(.chunk(chunk(29)))
        pipeline.send(.chunk(chunk(1)))
        let messages = try #require(pipeline.receive(timeout: 0))
        guard case .chunk(let first) = messages[0] else { return }
        writer.append(first, now: 1)
        pipeline.finish()
        #expect(adds(up: pipeline, writer, running: 2))
        pipeline.finish()
        #expect(!adds(up: pipeline, writer, running: 3))
    }
}
