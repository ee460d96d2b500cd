public import CHdrlog

/// A run of ring records on its way from the drain loop to the store: a fixed buffer that is filled, handed over,
/// emptied and used again.
///
/// Records lie one behind the other in the ring's own layout (`hdrlog_record`, then `captured` bytes), each padded
/// to 8 bytes. Not thread-safe: exactly one thread owns a chunk at any time; handing it over is the queue's job.
public final class RecordChunk: @unchecked Sendable {
    /// Added to CLOCK_BOOTTIME to get UTC, in nanoseconds; one value for the whole chunk.
    public var clockOffset: Int64 = 0
    // One thread owns a chunk, and `append` lends nothing out: checking each access took most of the drain's time.
    @exclusivity(unchecked) public private(set) var count = 0
    @exclusivity(unchecked) public private(set) var used = 0
    public let capacity: Int
    private let storage: UnsafeMutableRawPointer

    /// - Parameter capacity: bytes, rounded up to a multiple of 8.
    public init(capacity: Int) {
        self.capacity = (capacity + 7) & ~7
        storage = .allocate(byteCount: self.capacity, alignment: 8)
    }

    deinit { storage.deallocate() }

    /// Copies one ring record (prefix and header bytes) in.
    /// - Returns: false when it does not fit or its lengths contradict each other; nothing is copied then.
    @inlinable
    public func append(_ record: UnsafeRawBufferPointer) -> Bool {
        let prefix = MemoryLayout<hdrlog_record>.size
        guard record.count >= prefix else { return false }
        let captured = Int(
            record.loadUnaligned(fromByteOffset: MemoryLayout<hdrlog_record>.offset(of: \.captured)!, as: UInt16.self))
        guard captured <= Int(HDRLOG_MAX_CAPTURED), prefix + captured <= record.count else { return false }
        return append(record.baseAddress!, length: prefix + captured)
    }

    @usableFromInline
    func append(_ record: UnsafeRawPointer, length: Int) -> Bool {
        let padded = (length + 7) & ~7
        guard used + padded <= capacity else { return false }
        (storage + used).copyMemory(from: record, byteCount: length)
        used += padded
        count += 1
        return true
    }

    /// Forgets all records and keeps the memory.
    public func removeAll() {
        used = 0
        count = 0
    }

    /// Calls `body` with each record in order; the views are valid until the chunk is changed.
    @inlinable
    public func forEach(_ body: (borrowing HeaderRecord) throws -> Void) rethrows {
        var offset = 0
        let all = contents
        while offset < all.count {
            let metadata = all.load(fromByteOffset: offset, as: hdrlog_record.self)
            let start = offset + MemoryLayout<hdrlog_record>.size
            let end = start + Int(metadata.captured)
            try body(
                HeaderRecord(
                    time: Int64(bitPattern: metadata.boot_ns) &+ clockOffset, metadata: metadata,
                    bytes: UnsafeRawBufferPointer(rebasing: all[start..<end])))
            offset = (end + 7) & ~7
        }
    }

    /// The filled part of the buffer.
    public var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: used) }
}
