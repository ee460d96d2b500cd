public import CHdrlog

/// One logged packet: what the hook noted beside it, and its header bytes from L2 to the end of L4's options.
///
/// A view, not a copy: `bytes` points into the buffer that the record was read from (a `RecordChunk`, a decoded
/// block) and is valid only as long as that buffer says. Passing it on costs no allocation.
public struct HeaderRecord {
    /// UTC, nanoseconds since 1970.
    public var time: Int64
    /// Lengths, rate, direction, interface index … in the layout that the kernel wrote.
    public var metadata: hdrlog_record
    /// The header bytes, `metadata.captured` of them.
    public var bytes: UnsafeRawBufferPointer

    public init(time: Int64, metadata: hdrlog_record, bytes: UnsafeRawBufferPointer) {
        self.time = time
        self.metadata = metadata
        self.bytes = bytes
    }
}
