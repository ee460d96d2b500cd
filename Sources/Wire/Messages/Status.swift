/// What `Status` answers.
public struct StatusReply: Codable, Equatable, Sendable {
    public var version: String
    public var host: String
    /// UTC nanoseconds, when the counters were read.
    public var time: Int64
    public var startTime: Int64
    /// One an interface and direction.
    public var interfaces: [InterfaceStatus]
    /// Interfaces that are wanted and cannot be logged.
    public var refused: [Refusal]
    public var store: StoreStatus
    /// Flows in the kernel's tables when the counters were read, and how many find room.
    public var flows: Int
    public var flowLimit: Int
    /// All identities hold.
    public var consistent: Bool
    /// The latest ones.
    public var gaps: [Gap]

    public init(
        version: String, host: String, time: Int64, startTime: Int64, interfaces: [InterfaceStatus],
        refused: [Refusal] = [], store: StoreStatus, flows: Int = 0, flowLimit: Int = 0, gaps: [Gap] = []
    ) {
        self.refused = refused
        self.flows = flows
        self.flowLimit = flowLimit
        self.version = version
        self.host = host
        self.time = time
        self.startTime = startTime
        self.interfaces = interfaces
        self.store = store
        self.gaps = gaps
        consistent = interfaces.allSatisfy { $0.identities.allSatisfy(\.holds) }
    }
}

/// An interface that is not logged, and why.
public struct Refusal: Codable, Equatable, Sendable {
    public var name: String
    public var reason: String

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// One interface in one direction.
public struct InterfaceStatus: Codable, Equatable, Sendable {
    public var name: String
    public var index: Int
    /// `in` or `out`.
    public var direction: String
    /// `xdp`, `tc` or `tcx`.
    public var hook: String
    /// `native`, `generic`, `link` or `filter`, as the hook has it.
    public var mode: String
    /// Why this hook and mode.
    public var reason: String
    public var samplingRate: Int
    public var counters: Counters
    public var framesPerSecond: Double
    public var bytesPerSecond: Double
    public var identities: [Identity]

    public init(
        name: String, index: Int, direction: String, hook: String, mode: String, reason: String,
        samplingRate: Int = 1, counters: Counters, framesPerSecond: Double = 0, bytesPerSecond: Double = 0
    ) {
        self.name = name
        self.index = index
        self.direction = direction
        self.hook = hook
        self.mode = mode
        self.reason = reason
        self.samplingRate = samplingRate
        self.counters = counters
        self.framesPerSecond = framesPerSecond
        self.bytesPerSecond = bytesPerSecond
        identities = counters.identities
    }
}

/// The terms of the accounting, exact, since the daemon attached.
public struct Counters: Codable, Equatable, Sendable {
    /// Frames as the hook saw them.
    public var frames = 0
    /// Packets on the wire that the frames stand for.
    public var wirePackets = 0
    public var bytes = 0
    /// Ignored by a rule.
    public var filtered = 0
    /// Counted only: not chosen by sampling.
    public var counted = 0
    /// Chosen to be stored.
    public var sampled = 0
    public var stored = 0
    /// On their way to the store.
    public var waiting = 0
    public var ringLost = 0
    public var storeLost = 0
    /// Frames by the reason why their headers could not be walked to the end.
    public var malformed: [String: Int] = [:]
    /// IP packets that no rule ignored; packets of flows, and those that found no room in the flow tables. nil where
    /// flows are not kept.
    public var keyed: Int?
    public var flowPackets: Int?
    public var untrackedPackets: Int?

    public init() {}
}

/// A sum that must be right.
public struct Identity: Codable, Equatable, Sendable {
    public var text: String
    public var left: Int
    public var right: Int
    public var holds: Bool

    public init(_ text: String, left: Int, right: Int) {
        self.text = text
        self.left = left
        self.right = right
        holds = left == right
    }
}

extension Counters {
    /// The accounting identities with this interface's numbers.
    public var identities: [Identity] {
        var all = [
            Identity("frames = filtered + counted + sampled", left: frames, right: filtered + counted + sampled),
            Identity(
                "sampled = stored + waiting + ringLost + storeLost", left: sampled,
                right: stored + waiting + ringLost + storeLost),
        ]
        if let keyed, let flowPackets, let untrackedPackets {
            all.append(
                Identity(
                    "keyed = flowPackets + untrackedPackets", left: keyed, right: flowPackets + untrackedPackets))
        }
        return all
    }
}

/// The segments on disk.
public struct StoreStatus: Codable, Equatable, Sendable {
    public var directory: String
    /// Records since the daemon started.
    public var stored: Int
    /// In memory, not yet in a segment.
    public var waiting: Int
    /// Records by the reason why they could not be stored.
    public var lost: [String: Int]
    public var segments: Int
    /// Bytes on disk, and the budget.
    public var bytes: Int
    public var limit: Int
    /// UTC nanoseconds of the first and the last stored record; nil in an empty store.
    public var oldest: Int64?
    public var newest: Int64?
    /// Of packet headers, and of flows and counters; nil where that is not told.
    public var headers: FamilyStatus?
    public var flows: FamilyStatus?

    public init(
        directory: String, stored: Int, waiting: Int, lost: [String: Int] = [:], segments: Int, bytes: Int,
        limit: Int, oldest: Int64? = nil, newest: Int64? = nil, headers: FamilyStatus? = nil,
        flows: FamilyStatus? = nil
    ) {
        self.headers = headers
        self.flows = flows
        self.directory = directory
        self.stored = stored
        self.waiting = waiting
        self.lost = lost
        self.segments = segments
        self.bytes = bytes
        self.limit = limit
        self.oldest = oldest
        self.newest = newest
    }
}

/// What one family of segments takes.
public struct FamilyStatus: Codable, Equatable, Sendable {
    public var segments: Int
    public var bytes: Int
    /// Bytes that it may take; nil where that is not known.
    public var limit: Int?
    /// UTC nanoseconds of the first and the last that is stored; nil while there is nothing.
    public var oldest: Int64?
    public var newest: Int64?

    public init(segments: Int, bytes: Int, limit: Int? = nil, oldest: Int64? = nil, newest: Int64? = nil) {
        self.segments = segments
        self.bytes = bytes
        self.limit = limit
        self.oldest = oldest
        self.newest = newest
    }

    /// Nanoseconds that the limit holds at the mean rate of what is stored; nil while that says too little.
    public var reach: Int64? {
        guard let limit, let oldest, let newest, bytes > 1 << 20, newest - oldest > 60_000_000_000 else { return nil }
        let span = Double(newest - oldest) * Double(limit) / Double(bytes)
        return span < 1e18 ? Int64(span) : nil
    }
}
