/// What is known of a segment without reading its blocks.
public struct SegmentInfo: Equatable, Sendable {
    public enum State: String, Sendable {
        /// Being written, or left so by a process that was killed.
        case running
        /// Complete; never written again.
        case sealed
        /// Cannot be read and has been set aside.
        case damaged
    }

    /// The file's name within the directory.
    public var name: String
    public var family = SegmentFamily.headers
    /// When it was begun, UTC nanoseconds; its identity.
    public var start: Int64
    public var state: State
    /// Least and greatest time of its records, nil while there are none.
    public var times: ClosedRange<Int64>?
    public var records: Int64 = 0
    public var blocks: Int64 = 0
    /// Allocated bytes, -wal and -shm included.
    public var bytes: Int64 = 0

    /// The time by which its age counts.
    var newest: Int64 { max(times?.upperBound ?? start, start) }
}
