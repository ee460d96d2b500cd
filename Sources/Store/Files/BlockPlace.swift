/// Where a block is: the segment by its start, and the block's number in it. Ordered as the blocks were written.
struct BlockPlace: Hashable, Comparable, Sendable {
    /// The segment's identity: when it was begun, UTC nanoseconds, unique in a directory.
    var segment: Int64
    /// From 1 on.
    var number: Int64

    /// The number of what sums up all blocks of a segment.
    static let rollup: Int64 = 0

    static func < (left: BlockPlace, right: BlockPlace) -> Bool {
        (left.segment, left.number) < (right.segment, right.number)
    }

    /// A seed for checksums, so that bytes of another block are never taken for this one's.
    var seed: UInt64 { UInt64(bitPattern: segment) &* 31 &+ UInt64(bitPattern: number) }
}
