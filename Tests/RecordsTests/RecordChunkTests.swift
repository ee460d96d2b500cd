import CHdrlog
import PacketBuilder
import Records
import Testing

@Suite("Record chunks")
struct RecordChunkTests {
    /// A ring record as the kernel lays it out, padding not included.
    private func ringRecord(_ boot: UInt64, captured: Int, claimed: UInt16? = nil) -> [UInt8] {
        var metadata = hdrlog_record()
        metadata.boot_ns = boot
        metadata.captured = claimed ?? UInt16(captured)
        metadata.frame_length = 1500
        return withUnsafeBytes(of: metadata) { Array($0) } + (0..<captured).map { UInt8(truncatingIfNeeded: $0) }
    }

    @Test("records come back in order, with their bytes and in UTC")
    func roundTrip() {
        let chunk = RecordChunk(capacity: 4096)
        chunk.clockOffset = 1_000_000
        for (index, captured) in [14, 54, 0, 255, 256].enumerated() {
            #expect(ringRecord(UInt64(index), captured: captured).withUnsafeBytes { chunk.append($0) })
        }
        var seen: [(Int64, Int)] = []
        func note(_ record: borrowing HeaderRecord) {
            seen.append((record.time, record.bytes.count))
            #expect(record.bytes.enumerated().allSatisfy { $0.element == UInt8(truncatingIfNeeded: $0.offset) })
        }
        chunk.forEach(note)
        #expect(seen.map(\.0) == [1_000_000, 1_000_001, 1_000_002, 1_000_003, 1_000_004])
        #expect(seen.map(\.1) == [14, 54, 0, 255, 256])
        chunk.removeAll()
        #expect(chunk.count == 0 && chunk.used == 0)
    }

    @Test("a record whose lengths contradict each other is refused")
    func contradictions() {
        let chunk = RecordChunk(capacity: 4096)
        #expect(!ringRecord(1, captured: 10, claimed: 11).withUnsafeBytes { chunk.append($0) })
        #expect(!ringRecord(1, captured: 300, claimed: 300).withUnsafeBytes { chunk.append($0) })
        #expect(![UInt8](repeating: 0, count: 31).withUnsafeBytes { chunk.append($0) })
        #expect(![UInt8]().withUnsafeBytes { chunk.append($0) })
        #expect(chunk.count == 0)
    }

    @Test("a full chunk refuses the next record and keeps the others")
    func full() {
        let chunk = RecordChunk(capacity: 200)
        let record = ringRecord(1, captured: 40)
        #expect(record.withUnsafeBytes { chunk.append($0) })
        #expect(record.withUnsafeBytes { chunk.append($0) })
        #expect(!record.withUnsafeBytes { chunk.append($0) })
        #expect(chunk.count == 2 && chunk.used == 144)
    }

    @Test("what the hot path passes around is plain memory: copying it touches no reference count")
    func plainMemory() {
        #expect(_isPOD(HeaderRecord.self))
        #expect(_isPOD(HeaderLayout.self))
        #expect(_isPOD(FieldValue.self))
        #expect(_isPOD(IPAddress.self))
        #expect(MemoryLayout<HeaderLayout>.size <= 24)
    }
}
