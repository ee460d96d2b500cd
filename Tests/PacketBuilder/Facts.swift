public import CHdrlog
public import Records

extension hdrlog_facts {
    /// What the kernel side tells rules of a frame, worked out from its record.
    public init(_ record: HeaderRecord, _ layout: HeaderLayout) {
        self.init()
        frame_length = record.frameLength
        ifindex = record.metadata.ifindex
        direction = record.metadata.direction
        malformed = record.metadata.malformed
        vlan = record.outerTag(layout)?.identifier ?? UInt16(HDRLOG_NO_TAG)
        inner_vlan = record.innerTag(layout)?.identifier ?? UInt16(HDRLOG_NO_TAG)
        vlan_count = layout.tagCount + (record.metadata.vlan_tpid != 0 ? 1 : 0)
        network = layout.network.rawValue
        addLink(record, layout)
        addNetwork(record, layout)
        addTransport(record, layout)
    }

    private mutating func note(_ bit: hdrlog_has) { has |= UInt16(bit.rawValue) }

    private mutating func addLink(_ record: HeaderRecord, _ layout: HeaderLayout) {
        if layout.hasEthernet {
            note(HDRLOG_HAS_ETHERNET)
            withUnsafeMutableBytes(of: &ethernet) { $0.copyBytes(from: record.bytes[..<12]) }
            ethertype = layout.etherType
        } else {
            ethertype = layout.network == .ipv4 ? EtherType.ipv4 : layout.network == .ipv6 ? EtherType.ipv6 : 0
        }
    }

    private mutating func addNetwork(_ record: HeaderRecord, _ layout: HeaderLayout) {
        if layout.isIP {
            self.protocol = layout.upperProtocol
            ttl = record.ttl(layout)!
            traffic_class = UInt8(number(.dscp, record, layout)! << 2 | number(.ecn, record, layout)!)
        }
        let (from, to): (IPAddress?, IPAddress?) =
            layout.network == .arp
            ? (address(.arpSenderAddress, record, layout), address(.arpTargetAddress, record, layout))
            : (record.source(layout), record.destination(layout))
        if let from, let to {
            note(HDRLOG_HAS_ADDRESSES)
            withUnsafeMutableBytes(of: &source) { $0.copyBytes(from: from.wireBytes) }
            withUnsafeMutableBytes(of: &destination) { $0.copyBytes(from: to.wireBytes) }
        }
        guard let offset = number(.fragmentOffset, record, layout) else { return }
        note(HDRLOG_HAS_FRAGMENT)
        fragment = UInt16(offset) | flag(.moreFragments, record, layout) << 13
        fragment |= flag(.dontFragment, record, layout) << 14 | flag(.reservedFlag, record, layout) << 15
    }

    private mutating func addTransport(_ record: HeaderRecord, _ layout: HeaderLayout) {
        if let ports = record.ports(layout) {
            note(HDRLOG_HAS_PORTS)
            (source_port, destination_port) = ports
        }
        if let flags = record.tcpFlags(layout) {
            note(HDRLOG_HAS_TCP)
            tcp_flags = flags.rawValue
            window = UInt16(number(.window, record, layout)!)
        }
        if let type = number(.icmpType, record, layout), let code = number(.icmpCode, record, layout) {
            note(HDRLOG_HAS_ICMP)
            (icmp_type, icmp_code) = (UInt8(type), UInt8(code))
            destination_port = UInt16(type << 8 | code)
        }
    }

    private func number(_ field: Field, _ record: HeaderRecord, _ layout: HeaderLayout) -> UInt64? {
        if case .integer(let value) = record.value(of: field, layout) { value } else { nil }
    }

    private func flag(_ field: Field, _ record: HeaderRecord, _ layout: HeaderLayout) -> UInt16 {
        if case .boolean(true) = record.value(of: field, layout) { 1 } else { 0 }
    }

    private func address(_ field: Field, _ record: HeaderRecord, _ layout: HeaderLayout) -> IPAddress? {
        if case .address(let address) = record.value(of: field, layout) { address } else { nil }
    }
}
