internal import BPF
internal import CHdrlog
internal import CLinux
internal import Records

/// A ring that records are taken out of.
protocol ReadableRing {
    /// Calls `take` with each record in order, until there is none or `take` returns false; that record stays.
    /// - Returns: false when `take` ended it.
    func drain(_ take: (UnsafeRawBufferPointer) -> Bool) -> Bool
}

/// One CPU's ring of records, and its one reader; see bpf/record.bpf.h for the writer.
///
/// What was read is told to the programs when a piece or the ring is finished, not for each record: the writer's cache
/// line would wander between two CPUs. The position lives in the map, so that another process can go on where this one
/// stopped; it may read the last records of this one again only if this one ends within `drain`.
struct RecordRing: ReadableRing {
    private let position: UnsafeMutablePointer<hdrlog_ring>
    private let bytes: UnsafeRawPointer
    private let mask: UInt64

    private static let piece = UInt64(HDRLOG_RING_PIECE)
    /// Behind this, a piece has no further record.
    private static let last = UInt64(HDRLOG_RING_PIECE) - UInt64(MemoryLayout<hdrlog_longest_record>.size)

    /// Bytes of each CPU's ring: the largest power of two that fits its share, at least one piece.
    static func size(of memory: Int, processors: Int) -> Int {
        let share = max(Int(HDRLOG_RING_PIECE), memory / max(1, processors))
        return 1 << (Int.bitWidth - 1 - share.leadingZeroBitCount)
    }

    /// - Parameter bytes: the ring's pieces, one behind the other, a power of two in all.
    init(position: UnsafeMutablePointer<hdrlog_ring>, bytes: UnsafeRawBufferPointer) {
        self.position = position
        self.bytes = bytes.baseAddress!
        mask = UInt64(bytes.count - 1)
    }

    /// Tells the writer whether the next record should ring the doorbell.
    func setAsleep(_ isAsleep: Bool) { hdrlog_release_u64(&position.pointee.asleep, isAsleep ? 1 : 0) }

    @inline(__always)
    func drain(_ take: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var at = position.pointee.consumed
        var told = at
        defer { if at != told { hdrlog_release_u64(&position.pointee.consumed, at) } }
        var end = hdrlog_acquire_u64(&position.pointee.produced)
        while at < end {
            if at & (Self.piece - 1) > Self.last {
                at = (at | (Self.piece - 1)) + 1
                hdrlog_release_u64(&position.pointee.consumed, at)
                told = at
            }
            let record = bytes + Int(at & mask)
            let captured = record.assumingMemoryBound(to: hdrlog_record.self).pointee.captured
            let length = MemoryLayout<hdrlog_record>.size + (Int(captured) + 7) & ~7
            guard take(UnsafeRawBufferPointer(start: record, count: length)) else { return false }
            at += UInt64(length)
            if at >= end { end = hdrlog_acquire_u64(&position.pointee.produced) }
        }
        return true
    }
}
