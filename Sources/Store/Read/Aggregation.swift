public import Filter
public import Records

/// A question about many records at once: how many, how large, by what.
public struct Aggregation: Sendable {
    public enum Measure: Sendable { case records, bytes }

    /// UTC nanoseconds.
    public var range: Range<Int64> = Int64.min..<Int64.max
    public var filter: FilterExpression = .all
    /// One group for each combination of these fields' values; none is one group of everything.
    public var fields: [Field] = []
    /// Length of a time bucket in nanoseconds, counted from 1970; nil for none.
    public var bucket: Int64?
    /// By what groups are ordered, the greatest first; with buckets time comes first.
    public var measure = Measure.records
    /// At most so many groups are returned.
    public var limit: Int?
    /// What groups tell of fields; with any of it records are looked at one by one.
    public var computations: [Computation] = []
    /// At most so many groups are kept while counting; what belongs to others is summed up in `rest`.
    public var mostGroups = 1_000_000

    public init() {}
}

/// Sums over the records of a group. The estimates count each record as often as its sampling rate says.
public struct AggregateSums: Equatable, Sendable {
    public var records: UInt64 = 0
    /// Frame lengths.
    public var bytes: UInt64 = 0
    public var estimatedPackets: UInt64 = 0
    public var estimatedBytes: UInt64 = 0

    public init() {}

    @inline(__always)
    mutating func add(_ other: AggregateSums) {
        records &+= other.records
        bytes &+= other.bytes
        estimatedPackets &+= other.estimatedPackets
        estimatedBytes &+= other.estimatedBytes
    }

    /// Sums of records that have one sampling rate.
    init(records: UInt64, bytes: UInt64, rate: UInt32) {
        (self.records, self.bytes) = (records, bytes)
        estimatedPackets = records &* UInt64(rate)
        estimatedBytes = bytes &* UInt64(rate)
    }

    @inline(__always)
    mutating func add(length: UInt32, rate: UInt32) {
        records &+= 1
        bytes &+= UInt64(length)
        estimatedPackets &+= UInt64(rate)
        estimatedBytes &+= UInt64(length) &* UInt64(rate)
    }
}

/// A value that records are grouped by.
public enum GroupValue: Hashable, Sendable {
    /// The field is not there.
    case none
    case integer(UInt64)
    case address(IPAddress)
    case mac(MACAddress)
    case boolean(Bool)
    case direction(Direction)
    /// Empty when the interface had no name.
    case interface(String)
    case bytes([UInt8])
    case time(Int64)
}

extension GroupValue: CustomStringConvertible {
    /// As clients are told it: bytes in hexadecimal, times in nanoseconds, nothing for what is not there.
    public var description: String {
        switch self {
        case .none: ""
        case .integer(let number): "\(number)"
        case .address(let address): address.description
        case .mac(let address): address.description
        case .boolean(let flag): "\(flag)"
        case .direction(let direction): "\(direction.name)"
        case .interface(let name): name
        case .bytes(let bytes): bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        case .time(let time): "\(time)"
        }
    }
}

public struct AggregateGroup: Equatable, Sendable {
    /// When the bucket begins; nil without buckets.
    public var bucket: Int64?
    /// One for each field asked for.
    public var values: [GroupValue]
    public var sums: AggregateSums
    /// One for each computation asked for.
    public var computed: [ComputedValue] = []
}

public struct AggregateResult: Sendable {
    public var groups: [AggregateGroup] = []
    /// Of everything that was selected.
    public var total = AggregateSums()
    /// Of groups beyond `mostGroups`.
    public var rest = AggregateSums()
    /// Groups that were found, those cut off by the limit included.
    public var groupCount = 0
    /// What the answer is worth.
    public var completeness: QueryResult
    /// The greatest rate and frame length of sampled blocks; nil when every packet was logged.
    var sampling: (rate: UInt32, length: UInt32)?

    /// Half the width of the 95 % confidence interval of the estimated packets and bytes; nil when nothing was sampled.
    public func margins(_ sums: AggregateSums) -> (packets: UInt64, bytes: UInt64)? {
        sampling.map { sums.margins(rate: $0.rate, length: $0.length) }
    }
}
