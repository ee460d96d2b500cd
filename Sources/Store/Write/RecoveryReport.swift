/// What was found when the store was opened.
public struct RecoveryReport: Sendable, Equatable {
    /// Readable segments, those included that a killed process left running.
    public var segments = 0
    /// Segments that had not been sealed.
    public var unsealed: [String] = []
    /// Files that cannot be read and were renamed, with the reason.
    public var setAside: [SetAside] = []
    /// Records taken over from the tail.
    public var recovered = 0
    /// Records in a tail in memory that belongs to another log; they are lost, and a gap tells it.
    public var refused = 0
    /// From the last moment that is safe to now; nil in an empty directory. It stands in the log unless this process
    /// goes on with another one's counting: then that one tells whether anything is missing.
    public var gap: Gap?
    /// Received by the processes that this one goes on from, what was taken over from the tail included.
    /// nil when there are none.
    public var carried: [StoreStatistics.Source: UInt64]?

    public struct SetAside: Sendable, Equatable {
        public var name: String
        public var reason: String
    }

    public init() {}
}
