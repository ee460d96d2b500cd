/// What is counted of an interface in one direction, beside its flows. Raw values stand in files: they are only added.
public enum CounterKind: UInt8, CaseIterable, Sendable {
    /// Frames as the hook saw them, and their bytes.
    case seen = 1
    /// Packets on the wire that the frames stand for.
    case wirePackets
    /// Ignored by a rule.
    case filtered
    /// Not chosen by sampling.
    case counted
    case sampled
    /// Sampled, but the ring was full.
    case ringLost
    /// IP packets that no rule ignored.
    case keyed
    /// Of these, found no room in the flow tables.
    case untracked
    /// By reason, as `MalformedReason` numbers them.
    case malformed
    /// By EtherType: 0x0800, 0x86DD, 0x0806, and 0 for all others.
    case etherType
    /// By IP protocol.
    case ipProtocol
    // As `HistogramKind` has them, by the least value of the bucket.
    case frameLength, ttl, trafficClass, fragments, tcpFlags, window, mss

    public var name: String { "\(self)" }

    public init?(named name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// The counter that a histogram is stored as.
    public init(_ histogram: HistogramKind) {
        switch histogram {
        case .frameLength: self = .frameLength
        case .ttl: self = .ttl
        case .trafficClass: self = .trafficClass
        case .fragments: self = .fragments
        case .tcpFlags: self = .tcpFlags
        case .window: self = .window
        case .mss: self = .mss
        }
    }

    /// The histogram that it is of; nil for plain counts and those by reason, EtherType or protocol.
    public var histogram: HistogramKind? { HistogramKind.allCases.first { CounterKind($0) == self } }

    /// Whether it counts bytes beside frames.
    public var hasBytes: Bool { self == .seen || self == .etherType || self == .ipProtocol }

    /// Whether its counts are told apart by a value.
    public var hasValues: Bool { self == .malformed || self == .etherType || self == .ipProtocol || histogram != nil }
}

/// One count of one interface, direction and interval: exact, whatever the sampling.
public struct CounterSample: Equatable, Sendable {
    public var interface: UInt32
    public var direction: Direction
    public var kind: CounterKind
    /// Which EtherType, protocol, TTL … it is; 0 for kinds that have only one.
    public var value: UInt32
    public var frames: UInt64
    /// 0 for kinds that do not count bytes.
    public var bytes: UInt64

    public init(
        interface: UInt32, direction: Direction, kind: CounterKind, value: UInt32 = 0, frames: UInt64, bytes: UInt64 = 0
    ) {
        self.interface = interface
        self.direction = direction
        self.kind = kind
        self.value = value
        self.frames = frames
        self.bytes = bytes
    }
}
