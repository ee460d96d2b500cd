/// What the store may use and how much a failure may cost. Sizes in bytes, times in nanoseconds; 0 switches a limit off.
public struct StoreLimits: Equatable, Sendable {
    /// Allocated bytes of everything under the directory.
    public var maxUse: Int64 = 4 << 30
    /// Bytes that stay free on the file system for others; at most a sixth of it.
    public var keepFree: Int64 = 1 << 30
    /// Segments whose last record is older are deleted.
    public var maxAge: Int64 = 0
    public var segmentMaxSize: Int64 = 128 << 20
    public var segmentMaxAge: Int64 = 86_400 * 1_000_000_000
    /// What a crash of the process may lose at the most.
    public var flushInterval: Int64 = 1_000_000_000
    /// What a power cut may lose at the most.
    public var syncInterval: Int64 = 5_000_000_000
    /// Records of a full block.
    public var blockRecords = 32_768
    /// A block that is not full is written after this time; until then its records live in the tail.
    public var blockMaxAge: Int64 = 900 * 1_000_000_000

    /// The least `maxUse` that leaves room for a running segment, its WAL and the tail.
    public static let leastMaxUse: Int64 = 32 << 20

    public init() {}

    /// A segment must not take the whole budget, or rotation would leave nothing behind.
    var effectiveSegmentSize: Int64 {
        let share = maxUse > 0 ? maxUse / 8 : .max
        return min(segmentMaxSize > 0 ? segmentMaxSize : .max, max(share, 2 << 20))
    }
}
