public import Records

/// What `Counts` is asked.
public struct CountsRequest: Codable, Equatable, Sendable {
    /// Names of `CounterKind`; all by default.
    public var kinds: [String]?
    /// A name; all by default.
    public var interface: String?
    /// `in` or `out`; both by default.
    public var direction: String?
    /// UTC nanoseconds, inclusive and exclusive; an interval that overlaps counts as a whole.
    public var since: Int64?
    public var until: Int64?
    /// Length of the time buckets, nanoseconds; one total over the whole range by default.
    public var bucket: Int64?

    public init(
        kinds: [String]? = nil, interface: String? = nil, direction: String? = nil, since: Int64? = nil,
        until: Int64? = nil, bucket: Int64? = nil
    ) {
        self.kinds = kinds
        self.interface = interface
        self.direction = direction
        self.since = since
        self.until = until
        self.bucket = bucket
    }
}

/// One count over the range, or over a bucket of it: exact, whatever the sampling.
public struct Count: Codable, Equatable, Sendable {
    /// When the bucket begins, UTC nanoseconds.
    public var bucket: Int64?
    public var interface: String
    public var direction: String
    public var kind: String
    /// Which EtherType (0: any other), IP protocol, reason, TTL … it is, the least of a histogram's bucket; absent where
    /// a kind has only one.
    public var value: Int?
    /// Reason of malformed frames.
    public var reason: String?
    public var frames: Int
    /// Absent where a kind does not count bytes.
    public var bytes: Int?

    public init(
        bucket: Int64? = nil, interface: String, direction: String, kind: String, value: Int? = nil,
        reason: String? = nil, frames: Int, bytes: Int? = nil
    ) {
        self.bucket = bucket
        self.interface = interface
        self.direction = direction
        self.kind = kind
        self.value = value
        self.reason = reason
        self.frames = frames
        self.bytes = bytes
    }
}

/// What `Counts` answers.
public struct CountsReply: Codable, Equatable, Sendable {
    public var counts: [Count]
    /// The stretch that intervals were found for; nil when there are none.
    public var since: Int64?
    public var until: Int64?
    /// What could not be read.
    public var damage: [String]
    /// Stretches that intervals are missing from; nil where that is not told.
    public var gaps: [Gap]?

    public init(counts: [Count], since: Int64?, until: Int64?, damage: [String], gaps: [Gap]? = nil) {
        self.gaps = gaps
        self.counts = counts
        self.since = since
        self.until = until
        self.damage = damage
    }
}

extension Count {
    public init(_ total: CounterTotal) {
        let kind = total.kind
        let reason = kind == .malformed ? UInt8(exactly: total.value).flatMap { MalformedReason(rawValue: $0) } : nil
        self.init(
            bucket: total.bucket, interface: total.interface, direction: "\(total.direction.name)", kind: kind.name,
            value: kind.hasValues ? Int(total.value) : nil, reason: reason.map { "\($0)" },
            frames: Int(clamping: total.frames), bytes: kind.hasBytes ? Int(clamping: total.bytes) : nil)
    }
}

extension CountsReply {
    public init(_ answer: CounterAnswer) {
        self.init(
            counts: answer.totals.map(Count.init), since: answer.covered?.lowerBound,
            until: answer.covered?.upperBound, damage: answer.damage.map { "\($0.segment): \($0.problem)" },
            gaps: answer.gaps.map(Gap.init))
    }
}
