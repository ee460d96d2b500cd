public import Records

/// A stretch of time from which records are missing, and why.
public struct Gap: Equatable, Sendable {
    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The program was not running.
        case notRunning = 1
        /// The program was killed; what it had not yet flushed is lost.
        case crashed = 2
        /// A kernel ring was full.
        case ringFull = 3
        /// The store could not write and its buffer was full.
        case storeFull = 4
        /// A block or a whole segment cannot be read.
        case damaged = 5
        /// The configuration was being changed.
        case reload = 6
        /// Retention deleted it while the question was being answered.
        case deleted = 7
        /// The daemon may have it in memory; it is not in the directory yet.
        case notWritten = 8

        /// In words, as clients are told it.
        public var text: String {
            switch self {
            case .notRunning: "not running"
            case .crashed: "crashed"
            case .ringFull: "ring full"
            case .storeFull: "store full"
            case .damaged: "damaged"
            case .reload: "reload"
            case .deleted: "deleted"
            case .notWritten: "not written yet"
            }
        }
    }

    /// UTC, nanoseconds since 1970.
    public var from: Int64
    public var to: Int64
    public var reason: Reason
    /// Records lost, nil when that is not known.
    public var count: UInt64?

    public init(from: Int64, to: Int64, reason: Reason, count: UInt64? = nil) {
        self.from = from
        self.to = max(from, to)
        self.reason = reason
        self.count = count
    }

    func overlaps(_ range: Range<Int64>) -> Bool { from < range.upperBound && to >= range.lowerBound }
}

extension MissingStretch {
    public init(_ gap: Gap) {
        self.init(from: gap.from, to: gap.to, reason: gap.reason.text, lost: gap.count)
    }
}
