public import Filter

/// What is asked for.
public struct Query: Sendable {
    public enum Order: Sendable { case ascending, descending }

    /// UTC nanoseconds.
    public var range: Range<Int64> = Int64.min..<Int64.max
    public var filter: FilterExpression = .all
    /// By time.
    public var order = Order.ascending
    /// At most so many records; nil for all.
    public var limit: Int?
    /// Goes on behind what an earlier query with the same filter and order delivered.
    public var cursor: QueryCursor?

    public init() {}
}

/// Where a query stopped, so that another one can go on there.
public struct QueryCursor: Equatable, Sendable {
    /// Time of the last record delivered, or the range's end when there were no more.
    public var time: Int64
    /// How many records of just this time have been delivered.
    public var delivered: Int

    public init(time: Int64, delivered: Int) {
        self.time = time
        self.delivered = delivered
    }
}

/// What an answer is worth: contract 3 of the design, completeness is told.
public struct QueryResult: Sendable {
    /// Records that were delivered.
    public var delivered = 0
    /// The time for which the store holds records at all, within the range asked for; nil when it holds none.
    public var covered: ClosedRange<Int64>?
    /// Least and greatest sampling rate of the blocks in range; nil when there are none.
    public var rates: ClosedRange<UInt32>?
    /// Stretches within the range from which records are missing.
    public var gaps: [Gap] = []
    /// Files that could not be read.
    public var unreadable: [Unreadable] = []
    /// Why it ended before the end of the range.
    public var stopped: Stop?
    public var cursor: QueryCursor
    /// Blocks in range, and those of them that had to be decoded.
    public var blocks = 0
    public var decoded = 0

    public enum Stop: Sendable, Equatable {
        case limit
        /// The receiver wanted no more.
        case receiver
        /// The time limit, or the client has gone.
        case cancelled
    }

    public struct Unreadable: Sendable, Equatable {
        public var name: String
        public var reason: String
    }
}
