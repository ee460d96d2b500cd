/// What the store has done since it was opened, and what it holds.
public struct StoreStatistics: Sendable, Equatable {
    /// Of one interface and direction; at any time received = stored + waiting + lost.
    public struct Tally: Sendable, Equatable {
        public var received: UInt64 = 0
        /// In a committed block.
        public var stored: UInt64 = 0
        /// Lost for want of space or because the disk failed.
        public var lost: UInt64 = 0
        /// In memory (and in the tail), not yet in a block.
        public var waiting: UInt64 { received - stored - lost }

        public init() {}

        static func + (left: Tally, right: Tally) -> Tally {
            var sum = Tally()
            sum.received = left.received + right.received
            sum.stored = left.stored + right.stored
            sum.lost = left.lost + right.lost
            return sum
        }
    }

    public struct Source: Hashable, Sendable {
        public var interface: UInt32
        /// `hdrlog_direction`.
        public var direction: UInt8

        public init(interface: UInt32, direction: UInt8) {
            self.interface = interface
            self.direction = direction
        }
    }

    public var total: Tally { sources.values.reduce(Tally(), +) }
    public var sources: [Source: Tally] = [:]
    public var blocks: UInt64 = 0
    /// Encoded bytes of the blocks committed.
    public var blockBytes: UInt64 = 0
    /// Why writing fails at the moment.
    public var trouble: StoreError?
    public var segments: [SegmentInfo] = []
    /// Allocated bytes of everything under the directory.
    public var used: Int64 = 0
    public var limits = StoreLimits()

    /// Oldest and newest stored time; nil while there is none.
    public var times: ClosedRange<Int64>? {
        let all = segments.compactMap(\.times)
        guard let first = all.map(\.lowerBound).min(), let last = all.map(\.upperBound).max() else { return nil }
        return first...last
    }

    /// How far back the log will reach when the budget is used up at the present rate, in nanoseconds; nil while
    /// that cannot be told.
    public var reach: Int64? {
        guard limits.maxUse > 0, used > 0, let times, times.upperBound > times.lowerBound else { return nil }
        return Int64(Double(times.upperBound - times.lowerBound) * Double(limits.maxUse) / Double(used))
    }

    public init() {}
}
