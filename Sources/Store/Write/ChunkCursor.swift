internal import CHdrlog
internal import Records

/// A place in a chunk from which records are taken one by one.
struct ChunkCursor {
    private let bytes: UnsafeRawBufferPointer
    private let clockOffset: Int64
    /// Bytes that have been passed.
    private(set) var offset = 0

    /// - Parameter chunk: must neither change nor go while the cursor is used.
    init(_ chunk: RecordChunk) {
        bytes = chunk.contents
        clockOffset = chunk.clockOffset
    }

    var isAtEnd: Bool { offset >= bytes.count }

    @inline(__always)
    mutating func next() -> HeaderRecord {
        let metadata = bytes.load(fromByteOffset: offset, as: hdrlog_record.self)
        let start = offset &+ RecordRun.prefix
        let end = start &+ Int(metadata.captured)
        offset = (end &+ 7) & ~7
        return HeaderRecord(
            time: Int64(bitPattern: metadata.boot_ns) &+ clockOffset, metadata: metadata,
            bytes: UnsafeRawBufferPointer(start: bytes.baseAddress! + start, count: Int(metadata.captured)))
    }
}
