/// A count over a stretch of time: exact, whatever the sampling.
public struct CounterTotal: Equatable, Sendable {
    /// When its time bucket begins, UTC nanoseconds; nil when the question asked for none.
    public var bucket: Int64?
    public var interface: String
    public var direction: Direction
    public var kind: CounterKind
    /// Which EtherType, protocol, TTL … it is: see `CounterSample`.
    public var value: UInt32
    public var frames: UInt64
    /// 0 for kinds that do not count bytes.
    public var bytes: UInt64

    public init(
        bucket: Int64?, interface: String, direction: Direction, kind: CounterKind, value: UInt32, frames: UInt64,
        bytes: UInt64
    ) {
        self.bucket = bucket
        self.interface = interface
        self.direction = direction
        self.kind = kind
        self.value = value
        self.frames = frames
        self.bytes = bytes
    }
}

/// What a question about counters is answered with.
public struct CounterAnswer: Sendable {
    /// By time bucket, interface, direction, kind and value; those that are not zero.
    public var totals: [CounterTotal] = []
    /// UTC nanoseconds: the range that intervals were found for.
    public var covered: ClosedRange<Int64>?
    public var damage: [IntervalDamage] = []
    public var gaps: [MissingStretch] = []

    public init() {}
}

/// A stretch of time that something is missing from, as an answer tells it.
public struct MissingStretch: Equatable, Sendable {
    /// UTC nanoseconds.
    public var from: Int64
    public var to: Int64
    /// In words.
    public var reason: String
    /// How much, where that is known.
    public var lost: UInt64?

    public init(from: Int64, to: Int64, reason: String, lost: UInt64? = nil) {
        self.from = from
        self.to = to
        self.reason = reason
        self.lost = lost
    }
}

/// A stored interval of flows and counters that could not be read.
public struct IntervalDamage: Equatable, Sendable {
    public var segment: String
    public var problem: String

    public init(segment: String, problem: String) {
        self.segment = segment
        self.problem = problem
    }
}
