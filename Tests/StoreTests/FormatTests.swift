import CHdrlog
import Corpus
import Foundation
import Records
import Store
import StoreFixtures
import Testing

/// What comes out of a store is what went in, whatever the bytes are.
@Suite("Block format")
struct FormatTests {
    let scratch = ScratchDirectory()

    private func roundTrip(_ chunk: RecordChunk, blockRecords: Int = 4096) throws -> Bool {
        var limits = StoreLimits()
        limits.keepFree = 0
        limits.blockRecords = blockRecords
        let (writer, _) = try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "a"], now: 1)
        writer.append(chunk, now: 2)
        writer.close(now: 3)
        let rows = try StoreReader(directory: scratch.path).rows().sorted { $0.time < $1.time }
        return same(rows, chunk.rows("a").sorted { $0.time < $1.time })
    }

    private func append(_ bytes: [UInt8], time: Int, length: Int, _ chunk: RecordChunk) {
        var record = hdrlog_record()
        record.boot_ns = UInt64(time)
        record.ifindex = 2
        record.frame_length = UInt32(length)
        record.rate = 1
        record.segments = 1
        record.captured = UInt16(bytes.count)
        let all = withUnsafeBytes(of: record) { Array($0) } + bytes
        all.withUnsafeBytes { #expect(chunk.append($0)) }
    }

    @Test("random bytes of every length come back")
    func randomBytes() throws {
        var random = Random(seed: 7)
        let chunk = RecordChunk(capacity: 4 << 20)
        for index in 0..<6000 {
            let bytes = (0..<(index % 257)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            append(bytes, time: index, length: Int(random.next() % 70_000), chunk)
        }
        #expect(try roundTrip(chunk))
    }

    @Test("packets with single bytes changed at random come back")
    func mutatedPackets() throws {
        var shape = SyntheticTraffic.Shape()
        shape.flows = 40
        var traffic = SyntheticTraffic(shape)
        let (good, chunk) = (RecordChunk(capacity: 4 << 20), RecordChunk(capacity: 4 << 20))
        traffic.fill(good, count: 9000)
        var random = Random(seed: 3)
        var index = 0
        good.forEach({ record in
            var bytes = Array(record.bytes)
            if random.next() % 2 == 0 {
                bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
            }
            if random.next() % 8 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            if random.next() % 8 == 0 { bytes += [UInt8](repeating: 1, count: Int(random.next() % 150)) }
            append(bytes, time: index * 5_000_000_000, length: Int(record.metadata.frame_length), chunk)
            index += 1
        })
        #expect(try roundTrip(chunk))
    }

    @Test("records out of order come back in order")
    func disorder() throws {
        var random = Random(seed: 9)
        let chunk = RecordChunk(capacity: 4 << 20)
        for _ in 0..<5000 {
            append([1, 2, 3], time: Int(random.next() % 1_000_000_000_000), length: 60, chunk)
        }
        #expect(try roundTrip(chunk, blockRecords: 5000))
    }

    @Test("every frame of the corpus comes back", .enabled(if: Corpus.isPresent, "\(Corpus.absence)"))
    func corpus() throws {
        let chunk = RecordChunk(capacity: 64 << 20)
        try CorpusRecords.fill(chunk)
        #expect(chunk.count > 100_000)
        #expect(try roundTrip(chunk, blockRecords: 32_768))
    }
}
