import CHdrlog
import Foundation
import Records
import Store
import Testing

private let now: Int64 = 1_700_000_000_000_000_000

@Suite("Records are counted where they are")
struct CensusTests {
    let scratch = ScratchDirectory()
    private let eth0 = StoreStatistics.Source(interface: 2, direction: 0)

    private func open(blockRecords: Int = 100) throws -> StoreWriter {
        var limits = StoreLimits()
        limits.keepFree = 0
        limits.blockRecords = blockRecords
        return try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: now).writer
    }

    private func chunk(_ count: Int, generation: UInt8, interface: UInt32 = 2) -> RecordChunk {
        let chunk = RecordChunk(capacity: count * 64 + 64)
        for number in 0..<count { add(number, generation, interface, to: chunk) }
        return chunk
    }

    private func add(_ number: Int, _ generation: UInt8, _ interface: UInt32, to chunk: RecordChunk) {
        var record = hdrlog_record()
        record.boot_ns = UInt64(now) + UInt64(number)
        record.ifindex = interface
        record.generation = generation
        record.frame_length = 60
        record.rate = 1
        record.segments = 1
        record.captured = 14
        let bytes = withUnsafeBytes(of: record) { Array($0) } + [UInt8](repeating: 0, count: 14)
        #expect(bytes.withUnsafeBytes { chunk.append($0) })
    }

    private func expect(
        _ census: Census?, stored: UInt64 = 0, waiting: UInt64 = 0, lost: UInt64 = 0,
        _ location: SourceLocation = #_sourceLocation
    ) {
        var wanted = Census()
        (wanted.stored, wanted.waiting, wanted.lost) = (stored, waiting, lost)
        #expect(census == wanted, sourceLocation: location)
    }

    @Test("in blocks, in the block that is being filled, and on the way to it")
    func places() throws {
        let writer = try open()
        writer.append(chunk(250, generation: 1), now: now)
        let queue: [Queued] = [.chunk(chunk(30, generation: 1)), .lost(count: 7, of: eth0)]
        expect(writer.reader.census(before: 2, queue)[eth0], stored: 200, waiting: 80, lost: 7)
    }

    @Test("those of the generation that runs are left out wherever they are, and are in the next census")
    func running() throws {
        let writer = try open()
        writer.append(chunk(90, generation: 1), now: now)
        writer.append(chunk(50, generation: 2), now: now)
        let waiting = [chunk(20, generation: 1), chunk(20, generation: 2)]
        let queue = waiting.map { Queued.chunk($0) }
        // 90 of generation 1 and 10 of generation 2 are in the block; 40 of generation 2 are not yet.
        expect(writer.reader.census(before: 2, queue)[eth0], stored: 90, waiting: 20)
        expect(writer.reader.census(before: 3, queue)[eth0], stored: 100, waiting: 80)
        for chunk in waiting { writer.append(chunk, now: now) }
        expect(writer.reader.census(before: 4, [])[eth0], stored: 100, waiting: 80)
    }

    @Test("after 256 generations with the same number an old record is not taken for a new one")
    func numbersRepeat() throws {
        let writer = try open()
        writer.append(chunk(10, generation: 5), now: now)
        let waiting: [Queued] = [.chunk(chunk(10, generation: 5))]
        for running in 6...261 {
            expect(writer.reader.census(before: UInt8(truncatingIfNeeded: running), waiting)[eth0], waiting: 20)
        }
    }

    @Test("what is dropped on the way without being counted is missing from the sum")
    func dropped() throws {
        let writer = try open()
        writer.append(chunk(250, generation: 1), now: now)
        let queue: [Queued] = [.chunk(chunk(30, generation: 1)), .chunk(chunk(1, generation: 1))]
        func sum(_ queue: [Queued], _ running: UInt8) -> UInt64 {
            let census = writer.reader.census(before: running, queue)[eth0] ?? Census()
            return census.stored + census.waiting + census.lost
        }
        #expect(sum(queue, 2) == 281)
        #expect(sum(Array(queue.dropLast()), 3) == 280)
    }

    @Test("an interface that is forgotten begins at zero, although records of it wait")
    func forgotten() throws {
        let writer = try open()
        writer.append(chunk(130, generation: 1), now: now)
        #expect(writer.reader.census(before: 2, [.forget(interface: 2)])[eth0] == nil)
        writer.forget(interface: 2)
        expect(writer.reader.census(before: 2, [])[eth0])
        writer.append(chunk(10, generation: 2), now: now)
        expect(writer.reader.census(before: 3, [])[eth0], waiting: 10)
        writer.append(chunk(100, generation: 3), now: now)
        // The block holds 30 of before, which count no more.
        expect(writer.reader.census(before: 4, [])[eth0], stored: 70, waiting: 40)
    }

    @Test("what an earlier process of the same counting stored counts from the first moment on")
    func carriedOn() throws {
        func open() throws -> StoreWriter {
            var limits = StoreLimits()
            limits.keepFree = 0
            return try StoreWriter.open(
                directory: scratch.path, limits: limits, interfaces: [2: "eth0"], counting: 7, now: now
            ).writer
        }
        let first = try open()
        first.append(chunk(30, generation: 1), now: now)
        first.close(now: now)
        let second = try open()
        expect(second.reader.census(before: 2, [])[eth0], stored: 30)
        second.append(chunk(5, generation: 2), now: now)
        second.flush(now: now)
        // Killed: the next one finds five in the tail.
        _ = consume second
        expect(try open().reader.census(before: 3, [])[eth0], stored: 35)
    }

    @Test("statistics count what blocks hold: they agree with the records that a query finds")
    func statistics() throws {
        let writer = try open()
        writer.append(chunk(130, generation: 1), now: now)
        let tally = try #require(try writer.reader.statistics().sources[eth0])
        #expect(tally.received == 130 && tally.stored == 100 && tally.waiting == 30)
        writer.close(now: now)
        #expect(try StoreReader(directory: scratch.path).segments().reduce(0) { $0 + $1.records } == 130)
    }
}
