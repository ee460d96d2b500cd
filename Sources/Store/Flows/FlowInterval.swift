public import Records

/// What was counted in one stretch of time: the flows' and interfaces' shares of it.
public struct FlowInterval: Sendable {
    /// UTC nanoseconds; the next interval begins where this one ends. Never later than `to`: where the clock went back
    /// within the interval it begins at its end.
    public let from: Int64
    public let to: Int64
    /// Names of the interface indices in it.
    public var names: [UInt32: String]
    public var flows: [FlowRecord]
    /// Those that are not zero.
    public var counters: [CounterSample]

    public init(
        from: Int64, to: Int64, names: [UInt32: String], flows: [FlowRecord] = [], counters: [CounterSample] = []
    ) {
        self.from = min(from, to)
        self.to = to
        self.names = names
        self.flows = flows
        self.counters = counters
    }

    /// About what it takes in memory.
    var memory: Int {
        flows.count * MemoryLayout<FlowRecord>.stride + counters.count * MemoryLayout<CounterSample>.stride
    }
}
