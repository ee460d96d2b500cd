/// What `Aggregate` is asked.
public struct AggregateRequest: Codable, Equatable, Sendable {
    public var filter: String?
    /// UTC nanoseconds, inclusive and exclusive.
    public var since: Int64?
    public var until: Int64?
    /// A group for each combination of these fields' values.
    public var fields: [String]?
    /// Length of a time bucket in nanoseconds.
    public var bucket: Int64?
    /// `records` or `bytes`: by what groups are ordered.
    public var measure: String?
    public var limit: Int?
    public var compute: [Computation]?

    /// What each group tells of a field.
    public struct Computation: Codable, Equatable, Sendable {
        /// `sum`, `min`, `max` or `distinct`.
        public var function: String
        public var field: String

        public init(function: String, field: String) {
            self.function = function
            self.field = field
        }
    }

    public init(
        filter: String? = nil, since: Int64? = nil, until: Int64? = nil, fields: [String]? = nil,
        bucket: Int64? = nil, measure: String? = nil, limit: Int? = nil, compute: [Computation]? = nil
    ) {
        self.compute = compute
        self.filter = filter
        self.since = since
        self.until = until
        self.fields = fields
        self.bucket = bucket
        self.measure = measure
        self.limit = limit
    }
}

/// What `Aggregate` answers.
public struct AggregateReply: Codable, Equatable, Sendable {
    /// The estimates count each record as often as its sampling rate says.
    public struct Sums: Codable, Equatable, Sendable {
        public var records: Int
        /// Of whole frames.
        public var bytes: Int
        public var estimatedPackets: Int
        public var estimatedBytes: Int
        /// Half the width of the estimates' 95 % confidence intervals; nil where every packet was logged.
        public var packetsMargin: Int?
        public var bytesMargin: Int?

        public init(
            records: Int, bytes: Int, estimatedPackets: Int, estimatedBytes: Int, packetsMargin: Int? = nil,
            bytesMargin: Int? = nil
        ) {
            self.packetsMargin = packetsMargin
            self.bytesMargin = bytesMargin
            self.records = records
            self.bytes = bytes
            self.estimatedPackets = estimatedPackets
            self.estimatedBytes = estimatedBytes
        }
    }

    public struct Group: Codable, Equatable, Sendable {
        /// UTC nanoseconds, when the bucket begins.
        public var bucket: Int64?
        /// One for each field, as text; empty where a packet has no such field.
        public var values: [String]
        public var sums: Sums
        /// One for each of the request's; nil when it asked for none.
        public var computed: [Computed]?

        public init(bucket: Int64? = nil, values: [String], sums: Sums, computed: [Computed]? = nil) {
            self.computed = computed
            self.bucket = bucket
            self.values = values
            self.sums = sums
        }
    }

    public struct Computed: Codable, Equatable, Sendable {
        /// nil where no packet has the field.
        public var value: Int?
        /// Of a sum over sampled packets, half the width of its 95 % confidence interval.
        public var margin: Int?
        /// Different values were estimated, not counted one by one.
        public var approximate: Bool

        public init(value: Int?, margin: Int? = nil, approximate: Bool = false) {
            self.value = value
            self.margin = margin
            self.approximate = approximate
        }
    }

    public var groups: [Group]
    public var total: Sums
    /// Of groups that found no room in memory.
    public var rest: Sums
    /// Groups that were found, those beyond the limit included.
    public var groupCount: Int
    public var completeness: Completeness

    public init(groups: [Group], total: Sums, rest: Sums, groupCount: Int, completeness: Completeness) {
        self.groups = groups
        self.total = total
        self.rest = rest
        self.groupCount = groupCount
        self.completeness = completeness
    }
}
