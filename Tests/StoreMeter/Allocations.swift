import CHdrlog
import CStoreMeter
import Glibc
import Records
import Store
import StoreFixtures

/// How often memory is asked for while records go from a chunk into blocks, once everything has its size.
enum Allocations {
    private static let second: Int64 = 1_000_000_000

    /// Prints `RECORDS-A-BLOCK ALLOCATIONS-A-BLOCK ALLOCATIONS-A-RECORD` for blocks of two sizes.
    static func measure() throws {
        for records in [8192, 32_768] {
            let count = try perBlock(records)
            print(records, count, count / Double(records))
        }
        print("chunk", try perRecordIntoChunk())
    }

    /// Of blocks of so many records, commits included.
    private static func perBlock(_ records: Int) throws -> Double {
        let path = "/dev/shm/hdrlog-meter-\(getpid())-\(records)"
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, records)
        let writer = try StoreWriter.open(directory: path, limits: limits, interfaces: [2: "eth0"], now: 1).writer
        let chunk = RecordChunk(capacity: records * 160)
        var traffic = SyntheticTraffic()
        traffic.fill(chunk, count: records)
        var now = second
        func write(_ blocks: Int) {
            for _ in 0..<blocks {
                now += second
                chunk.clockOffset = now
                writer.append(chunk, now: now)
            }
        }
        write(12)
        let before = allocation_count()
        write(32)
        let spent = allocation_count() - before
        writer.close(now: now)
        for name in ["lock", "tail-0", "tail-1"] { unlink(path + "/" + name) }
        for info in try StoreReader(directory: path).segments() { unlink(path + "/" + info.name) }
        rmdir(path)
        return Double(spent) / 32
    }

    /// What the drain thread does with each record of a ring.
    private static func perRecordIntoChunk() throws -> Double {
        let records = 32_768
        let chunk = RecordChunk(capacity: records * 160)
        var traffic = SyntheticTraffic()
        traffic.fill(chunk, count: records)
        let source = chunk.contents
        let prefix = MemoryLayout<hdrlog_record>.size
        let capturedOffset = MemoryLayout<hdrlog_record>.offset(of: \.captured)!
        let other = RecordChunk(capacity: records * 160)
        let before = allocation_count()
        for _ in 0..<8 {
            other.removeAll()
            var offset = 0
            while offset < source.count {
                let captured = source.load(fromByteOffset: offset + capturedOffset, as: UInt16.self)
                let end = offset + prefix + Int(captured)
                guard other.append(UnsafeRawBufferPointer(rebasing: source[offset..<end])) else { exit(1) }
                offset = (end + 7) & ~7
            }
        }
        return Double(allocation_count() - before) / Double(8 * records)
    }
}
