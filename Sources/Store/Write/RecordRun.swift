internal import CHdrlog
internal import Records

/// The records of the block that is being filled: one memory, allocated once, in the ring's layout with UTC in place
/// of the boot time.
///
/// The store thread alone changes it, under the catalogue's lock; others copy it under that lock.
final class RecordRun: @unchecked Sendable {
    /// Header bytes on average that the memory is made for; longer ones fill a block earlier.
    private static let averageRecord = 128

    let maximumCount: Int
    private(set) var count = 0
    private(set) var used = 0
    /// Least and greatest time; meaningful unless empty.
    private(set) var first = Int64.max
    private(set) var last = Int64.min
    private(set) var isSorted = true
    private let capacity: Int
    private let storage: UnsafeMutableRawPointer
    /// Where each record begins in the storage.
    private let offsets: UnsafeMutablePointer<UInt32>

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
        capacity = max(maximumCount * Self.averageRecord, 2 * Self.largestRecord)
        storage = .allocate(byteCount: capacity, alignment: 8)
        offsets = .allocate(capacity: maximumCount)
    }

    private init(copy other: RecordRun) {
        maximumCount = other.count
        (count, used, first, last, isSorted) = (other.count, other.used, other.first, other.last, other.isSorted)
        capacity = other.used
        storage = .allocate(byteCount: max(capacity, 8), alignment: 8)
        offsets = .allocate(capacity: max(count, 1))
        storage.copyMemory(from: other.storage, byteCount: used)
        offsets.update(from: other.offsets, count: count)
    }

    deinit {
        storage.deallocate()
        offsets.deallocate()
    }

    static let prefix = MemoryLayout<hdrlog_record>.size
    private static let largestRecord = prefix + Int(HDRLOG_MAX_CAPTURED)

    var isEmpty: Bool { count == 0 }
    /// No room for another record, whatever its size.
    var isFull: Bool { count == maximumCount || capacity - used < Self.largestRecord }
    /// The filled memory: what the tail keeps.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: used) }

    func snapshot() -> RecordRun { RecordRun(copy: self) }

    func removeAll() {
        (count, used, first, last, isSorted) = (0, 0, .max, .min, true)
    }

    /// The caller has seen that it is not full.
    @inline(__always)
    func append(_ record: borrowing HeaderRecord) {
        var metadata = record.metadata
        metadata.boot_ns = UInt64(bitPattern: record.time)
        storage.storeBytes(of: metadata, toByteOffset: used, as: hdrlog_record.self)
        let length = Int(metadata.captured)
        if let from = record.bytes.baseAddress {
            (storage + used + Self.prefix).copyMemory(from: from, byteCount: length)
        }
        offsets[count] = UInt32(truncatingIfNeeded: used)
        used = (used &+ Self.prefix &+ length &+ 7) & ~7
        count &+= 1
        if record.time < last { isSorted = false } else { last = record.time }
        if record.time < first { first = record.time }
    }

    func time(at index: Int) -> Int64 {
        storage.load(fromByteOffset: Int(offsets[index]), as: Int64.self)
    }

    @inline(__always)
    func metadata(at index: Int) -> hdrlog_record {
        storage.load(fromByteOffset: Int(offsets[index]), as: hdrlog_record.self)
    }

    /// The record at a position of arrival.
    @inline(__always)
    subscript(index: Int) -> HeaderRecord {
        let offset = Int(offsets[index])
        let metadata = metadata(at: index)
        return HeaderRecord(
            time: Int64(bitPattern: metadata.boot_ns), metadata: metadata,
            bytes: UnsafeRawBufferPointer(start: storage + offset + Self.prefix, count: Int(metadata.captured)))
    }

    /// Appends the records of another run's memory (from the tail).
    /// - Returns: false when the bytes contradict themselves; the records before that are kept.
    func append(contents: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < contents.count {
            guard contents.count - offset >= Self.prefix, !isFull else { return false }
            let metadata = contents.loadUnaligned(fromByteOffset: offset, as: hdrlog_record.self)
            let start = offset + Self.prefix
            let end = start + Int(metadata.captured)
            guard end <= contents.count, metadata.captured <= HDRLOG_MAX_CAPTURED else { return false }
            append(
                HeaderRecord(
                    time: Int64(bitPattern: metadata.boot_ns), metadata: metadata,
                    bytes: UnsafeRawBufferPointer(rebasing: contents[start..<end])))
            offset = (end + 7) & ~7
        }
        return true
    }
}
