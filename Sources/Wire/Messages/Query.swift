public import Records

/// What `Query` is asked. Absent members mean: no restriction, or no.
public struct QueryRequest: Codable, Equatable, Sendable {
    /// The filter language; empty selects everything.
    public var filter: String?
    /// UTC nanoseconds, inclusive.
    public var since: Int64?
    /// UTC nanoseconds, exclusive.
    public var until: Int64?
    public var limit: Int?
    /// Newest first.
    public var reverse: Bool?
    /// Go on with records as they come.
    public var follow: Bool?
    /// Names of the fields that are wanted; all by default.
    public var fields: [String]?
    /// Add the header bytes.
    public var raw: Bool?

    public init(
        filter: String? = nil, since: Int64? = nil, until: Int64? = nil, limit: Int? = nil, reverse: Bool? = nil,
        follow: Bool? = nil, fields: [String]? = nil, raw: Bool? = nil
    ) {
        self.filter = filter
        self.since = since
        self.until = until
        self.limit = limit
        self.reverse = reverse
        self.follow = follow
        self.fields = fields
        self.raw = raw
    }
}

/// A time in which packets may be missing from the log.
public struct Gap: Codable, Equatable, Sendable {
    public var since: Int64
    public var until: Int64
    /// For people: `ring full`, `store full`, `not running`.
    public var reason: String
    public var interface: String?
    /// How many records, where that is known.
    public var lost: Int?

    public init(since: Int64, until: Int64, reason: String, interface: String? = nil, lost: Int? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
        self.interface = interface
        self.lost = lost
    }
}

extension Gap {
    public init(_ stretch: MissingStretch) {
        self.init(
            since: stretch.from, until: stretch.to, reason: stretch.reason,
            lost: stretch.lost.map { Int(clamping: $0) })
    }
}

/// A rate that applied: some of an answer's records were chosen 1 in `rate`.
public struct SamplingRate: Codable, Equatable, Sendable {
    public var rate: Int
    /// How many, where that is known.
    public var records: Int?

    public init(rate: Int, records: Int? = nil) {
        self.rate = rate
        self.records = records
    }
}

/// What an answer covers; the end of every `Query`.
public struct Completeness: Codable, Equatable, Sendable {
    /// UTC nanoseconds: the range that the log could answer for.
    public var since: Int64
    public var until: Int64
    public var records: Int
    /// The limit ended the answer before the range did.
    public var limited: Bool
    public var rates: [SamplingRate]
    public var gaps: [Gap]

    public init(
        since: Int64, until: Int64, records: Int, limited: Bool = false, rates: [SamplingRate] = [], gaps: [Gap] = []
    ) {
        self.since = since
        self.until = until
        self.records = records
        self.limited = limited
        self.rates = rates
        self.gaps = gaps
    }
}
