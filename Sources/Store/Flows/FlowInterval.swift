public import Records

/// What was counted in one stretch of time: the flows' and interfaces' shares of it.
public struct FlowInterval: Sendable {
    /// UTC nanoseconds; the next interval begins where this one ends.
    public var from: Int64
    public var to: Int64
    /// Names of the interface indices in it.
    public var names: [UInt32: String]
    public var flows: [FlowRecord]
    /// Those that are not zero.
    public var counters: [CounterSample]

    public init(
        from: Int64, to: Int64, names: [UInt32: String], flows: [FlowRecord] = [], counters: [CounterSample] = []
    ) {
        self.from = from
        self.to = to
        self.names = names
        self.flows = flows
        self.counters = counters
    }
}
