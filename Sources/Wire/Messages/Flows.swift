internal import CHdrlog
public import Records

/// What `Flows` is asked.
public struct FlowsRequest: Codable, Equatable, Sendable {
    public var filter: String?
    /// UTC nanoseconds, inclusive and exclusive; an interval that overlaps counts as a whole.
    public var since: Int64?
    public var until: Int64?
    /// `bytes`, `packets` (the greatest first) or `time` (the earliest first).
    public var order: String?
    public var limit: Int?

    public init(
        filter: String? = nil, since: Int64? = nil, until: Int64? = nil, order: String? = nil, limit: Int? = nil
    ) {
        self.filter = filter
        self.since = since
        self.until = until
        self.order = order
        self.limit = limit
    }
}

/// One flow over the whole range: exact, whatever the sampling.
public struct Flow: Codable, Equatable, Sendable {
    public var interface: String
    public var direction: String
    /// Of the outermost VLAN tag.
    public var vlan: Int?
    public var `protocol`: Int
    public var source: String
    public var destination: String
    public var sourcePort: Int?
    public var destinationPort: Int?
    public var icmpType: Int?
    public var icmpCode: Int?
    /// Frames as the hook saw them.
    public var packets: Int
    public var wirePackets: Int
    public var bytes: Int
    /// UTC nanoseconds; a clock tick exact.
    public var first: Int64
    public var last: Int64
    /// OR of all.
    public var tcpFlags: Int?
    public var minTtl: Int
    public var maxTtl: Int

    public init(
        interface: String, direction: String, vlan: Int?, protocol: Int, source: String, destination: String,
        sourcePort: Int? = nil, destinationPort: Int? = nil, icmpType: Int? = nil, icmpCode: Int? = nil, packets: Int,
        wirePackets: Int, bytes: Int, first: Int64, last: Int64, tcpFlags: Int? = nil, minTtl: Int, maxTtl: Int
    ) {
        self.interface = interface
        self.direction = direction
        self.vlan = vlan
        self.protocol = `protocol`
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.icmpType = icmpType
        self.icmpCode = icmpCode
        self.packets = packets
        self.wirePackets = wirePackets
        self.bytes = bytes
        self.first = first
        self.last = last
        self.tcpFlags = tcpFlags
        self.minTtl = minTtl
        self.maxTtl = maxTtl
    }
}

/// What `Flows` answers.
public struct FlowsReply: Codable, Equatable, Sendable {
    public var flows: [Flow]
    /// Selected flows, their packets and bytes, those beyond the limit included.
    public var flowCount: Int
    public var packets: Int
    public var bytes: Int
    /// Packets of selected flows that found no room in memory.
    public var rest: Int
    /// Packets of the range that found no room in the kernel's flow tables, whatever the filter.
    public var untracked: Int
    /// The stretch that intervals were found for; nil when there are none.
    public var since: Int64?
    public var until: Int64?
    /// What could not be read.
    public var damage: [String]
    /// Stretches that intervals are missing from; nil where that is not told.
    public var gaps: [Gap]?

    public init(
        flows: [Flow], flowCount: Int, packets: Int, bytes: Int, rest: Int, untracked: Int, since: Int64?,
        until: Int64?, damage: [String], gaps: [Gap]? = nil
    ) {
        self.gaps = gaps
        self.flows = flows
        self.flowCount = flowCount
        self.packets = packets
        self.bytes = bytes
        self.rest = rest
        self.untracked = untracked
        self.since = since
        self.until = until
        self.damage = damage
    }
}

extension Flow {
    public init(_ flow: FlowRecord, interface: String) {
        let (key, value) = (flow.key, flow.value)
        self.init(
            interface: interface, direction: "\(flow.direction.name)", vlan: flow.vlan.map { Int($0) },
            protocol: Int(key.protocol), source: "\(flow.source)", destination: "\(flow.destination)",
            sourcePort: flow.sourcePort.map { Int($0) }, destinationPort: flow.destinationPort.map { Int($0) },
            icmpType: flow.icmpType.map { Int($0) }, icmpCode: flow.icmpCode.map { Int($0) },
            packets: Int(clamping: value.frames), wirePackets: Int(clamping: value.wire_packets),
            bytes: Int(clamping: value.bytes), first: flow.first, last: flow.last,
            tcpFlags: key.protocol == IPProtocol.tcp ? Int(value.tcp_flags) : nil, minTtl: Int(value.min_ttl),
            maxTtl: Int(value.max_ttl))
    }
}

extension FlowsReply {
    public init(_ answer: FlowAnswer) {
        self.init(
            flows: answer.flows.map { Flow($0.flow, interface: $0.interface) }, flowCount: answer.count,
            packets: Int(clamping: answer.packets), bytes: Int(clamping: answer.bytes),
            rest: Int(clamping: answer.rest), untracked: Int(clamping: answer.untracked),
            since: answer.covered?.lowerBound, until: answer.covered?.upperBound,
            damage: answer.damage.map { "\($0.segment): \($0.problem)" }, gaps: answer.gaps.map(Gap.init))
    }
}
