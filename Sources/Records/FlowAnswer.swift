/// One flow over the whole range of a question.
public struct FlowTotal: Sendable {
    public var flow: FlowRecord
    public var interface: String

    public init(flow: FlowRecord, interface: String) {
        self.flow = flow
        self.interface = interface
    }
}

/// What a question about flows is answered with.
public struct FlowAnswer: Sendable {
    public var flows: [FlowTotal] = []
    /// Selected flows, those beyond the limit included.
    public var count = 0
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
    /// Packets of flows that found no room in memory.
    public var rest: UInt64 = 0
    /// Packets that found no room in the kernel's tables in this range, whatever the filter.
    public var untracked: UInt64 = 0
    /// UTC nanoseconds: the range that intervals were found for.
    public var covered: ClosedRange<Int64>?
    public var damage: [IntervalDamage] = []
    public var gaps: [MissingStretch] = []

    public init() {}
}
