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
    /// Bytes at the begin that the store has taken over; it and those who count what waits agree on a lock for this.
    @exclusivity(unchecked) public var taken = 0
    /// A census has met the records that are not taken; likewise.
    @exclusivity(unchecked) public var isMet = false
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

    /// Copies a record in; its time becomes the boot time, so `clockOffset` has to be 0.
    /// - Returns: false when it does not fit.
    public func append(_ record: borrowing HeaderRecord) -> Bool {
        let prefix = MemoryLayout<hdrlog_record>.size
        let padded = (prefix + record.bytes.count + 7) & ~7
        guard used + padded <= capacity else { return false }
        var metadata = record.metadata
        metadata.boot_ns = UInt64(bitPattern: record.time)
        metadata.captured = UInt16(record.bytes.count)
        (storage + used).storeBytes(of: metadata, as: hdrlog_record.self)
        if let bytes = record.bytes.baseAddress {
            (storage + used + prefix).copyMemory(from: bytes, byteCount: record.bytes.count)
        }
        used += padded
        count += 1
        return true
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
        taken = 0
        isMet = false
    }

    /// Calls `body` with the prefix of each record that is not taken over yet.
    public func forEachUntaken(_ body: (hdrlog_record) -> Void) {
        var offset = taken
        while offset < used {
            let metadata = contents.load(fromByteOffset: offset, as: hdrlog_record.self)
            body(metadata)
            offset = (offset + MemoryLayout<hdrlog_record>.size + Int(metadata.captured) + 7) & ~7
        }
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
