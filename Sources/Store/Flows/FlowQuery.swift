internal import CHdrlog
public import Filter
public import Records

/// A question about flows: those of a time range that a filter selects, added up by what they have in common.
public struct FlowQuery: Sendable {
    public enum Order: String, CaseIterable, Sendable {
        case bytes, packets, time
    }

    /// UTC nanoseconds. An interval counts as a whole: its shares are not split.
    public var range: Range<Int64> = .min ..< .max
    public var filter = FilterExpression.all
    /// Greatest first; `time` is the earliest first.
    public var order = Order.bytes
    public var limit = 100
    /// Flows that are kept apart at the most, about 300 bytes each. When there are more the lesser half is let go by
    /// `order`; its packets are those of `FlowAnswer.rest`.
    public var mostFlows = 250_000

    public init() {}
}

extension FlowReader {
    /// - Parameter isCancelled: asked for each interval.
    /// - Throws: `.unsupported` when the filter asks for more than a flow knows.
    public func flows(_ query: FlowQuery, isCancelled: () -> Bool = { false }) throws(StoreError) -> FlowAnswer {
        var answer = FlowAnswer()
        var sums = FlowSums(most: query.mostFlows, order: query.order)
        var isAnswerable = true
        let scan = try forEach(in: query.range) { interval, _ in
            let filter = CompiledFilter(query.filter, interfaces: interval.names)
            for flow in interval.flows {
                switch filter.verdict(for: FlowKey(flow)) {
                case .yes: sums.add(flow, interval.names[flow.key.ifindex] ?? "\(flow.key.ifindex)")
                case .no: break
                case .depends: isAnswerable = false
                }
            }
            for sample in interval.counters where sample.kind == .untracked { answer.untracked &+= sample.frames }
            let covered = answer.covered ?? interval.from...interval.to
            answer.covered = min(covered.lowerBound, interval.from)...max(covered.upperBound, interval.to)
            return isAnswerable && !isCancelled()
        }
        guard isAnswerable else {
            throw .unsupported("flows have addresses, ports, protocol, interface, direction and VLAN; no other field")
        }
        (answer.damage, answer.gaps) = (scan.damage, scan.gaps.map(MissingStretch.init))
        sums.finish(query, &answer)
        return answer
    }
}

/// Flows added up by key and interface name.
private struct FlowSums {
    /// The interface counts by its name: an index may stand for another one after a restart.
    private struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        /// Ports, VLAN, protocol and direction.
        var rest: UInt64
        var interface: String

        init(_ flow: FlowRecord, _ interface: String) {
            (source, destination) = (flow.source, flow.destination)
            rest = UInt64(flow.key.source_port) << 48 | UInt64(flow.key.destination_port) << 32
            rest |= UInt64(flow.key.vlan) << 16 | UInt64(flow.key.protocol) << 8 | UInt64(flow.key.direction)
            self.interface = interface
        }
    }

    let most: Int
    private var places: [Key: Int] = [:]
    private var totals: [FlowTotal] = []
    private var rest: UInt64 = 0

    let order: FlowQuery.Order

    init(most: Int, order: FlowQuery.Order) {
        self.most = max(most, 2)
        self.order = order
    }

    mutating func add(_ flow: FlowRecord, _ interface: String) {
        let key = Key(flow, interface)
        if let place = places[key] { return totals[place].flow.add(flow) }
        if totals.count == most { letGo() }
        places[key] = totals.count
        totals.append(FlowTotal(flow: flow, interface: interface))
    }

    /// Lets the lesser half of the flows go: those that an answer would have last.
    private mutating func letGo() {
        totals.sort(by: isBefore)
        for total in totals[(most / 2)...] { rest &+= total.flow.value.frames }
        totals.removeSubrange((most / 2)...)
        places.removeAll(keepingCapacity: true)
        for (place, total) in totals.enumerated() { places[Key(total.flow, total.interface)] = place }
    }

    private func isBefore(_ left: FlowTotal, _ right: FlowTotal) -> Bool {
        switch order {
        case .bytes: left.flow.value.bytes > right.flow.value.bytes
        case .packets: left.flow.value.frames > right.flow.value.frames
        case .time: left.flow.first < right.flow.first
        }
    }

    mutating func finish(_ query: FlowQuery, _ answer: inout FlowAnswer) {
        answer.count = totals.count
        answer.rest = rest
        for total in totals {
            answer.packets &+= total.flow.value.frames
            answer.bytes &+= total.flow.value.bytes
        }
        totals.sort(by: isBefore)
        answer.flows = Array(totals.prefix(query.limit))
    }
}

extension FlowRecord {
    /// Adds another share of the same flow.
    fileprivate mutating func add(_ other: FlowRecord) {
        value.frames &+= other.value.frames
        value.wire_packets &+= other.value.wire_packets
        value.bytes &+= other.value.bytes
        value.tcp_flags |= other.value.tcp_flags
        value.min_ttl = min(value.min_ttl, other.value.min_ttl)
        value.max_ttl = max(value.max_ttl, other.value.max_ttl)
        first = min(first, other.first)
        last = max(last, other.last)
    }
}

extension FlowKey {
    /// What a filter can know of a flow.
    public init(_ flow: FlowRecord) {
        self.init(interface: flow.key.ifindex, direction: flow.direction)
        vlan = flow.key.vlan
        network = flow.isIPv4 ? .ipv4 : .ipv6
        etherType = flow.isIPv4 ? EtherType.ipv4 : EtherType.ipv6
        ipProtocol = flow.key.protocol
        (source, destination, hasAddresses) = (flow.source, flow.destination, true)
        (sourcePort, destinationPort) = (flow.key.source_port, flow.key.destination_port)
        // Later fragments have none, and ICMP keeps its type and code there.
        let withPorts = [IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.udpLite]
        hasPorts = withPorts.contains(flow.key.protocol) && (sourcePort != 0 || destinationPort != 0)
    }
}
