import CHdrlog
import Records

extension Test {
    /// Asks a record. Absent headers and fields answer no.
    func holds(_ record: HeaderRecord, _ layout: HeaderLayout) -> Bool {
        switch self {
        case .etherType(let type): layout.announces(type)
        case .ipProtocol(let number, let version): record.carries(number, version, layout)
        case .address(let block, let side, let scope):
            layout.hasAddresses(of: block.version, scope) && record.holds(block, side, layout)
        case .ports(let low, let high, let side, let transport):
            (transport == 0 || layout.upperProtocol == transport) && record.holds(low, high, side, layout)
        case .mac(let value, let side):
            side.holds(record.mac(.sourceMac, layout) == value, record.mac(.destinationMac, layout) == value)
        case .multicast: record.mac(.destinationMac, layout).map { $0 >> 40 & 1 == 1 } ?? false
        case .tagged: record.metadata.vlan_tpid != 0 || layout.tagCount > 0
        case .tag(let identifier):
            record.outerTag(layout)?.identifier == identifier || record.innerTag(layout)?.identifier == identifier
        case .direction(let direction): record.direction == direction
        case .interface(let index): record.metadata.ifindex == index
        case .present(let field): record.value(of: field, layout) != nil
        case .number(let field, let range): record.holds(field, range, layout)
        case .addressField(let field, let block, let outside):
            record.address(field, layout).map { block.contains($0) != outside } ?? false
        case .macField(let field, let value, let outside):
            record.mac(field, layout).map { ($0 == value) != outside } ?? false
        case .bytes(let layer, let offset, let size, let range):
            record.bytes(of: layer, at: Int(offset), size: size, layout).map(range.contains) ?? false
        }
    }
}

extension Side {
    /// Joins the answers for source and destination.
    @inline(__always)
    func holds(_ source: Bool, _ destination: Bool) -> Bool {
        switch self {
        case .source: source
        case .destination: destination
        case .either: source || destination
        case .both: source && destination
        }
    }
}

extension HeaderLayout {
    /// Whether the payload is of this EtherType, which links without Ethernet tell by the IP version.
    @inline(__always)
    func announces(_ type: UInt16) -> Bool {
        if hasEthernet { return etherType == type }
        return network == .ipv4 ? type == EtherType.ipv4 : network == .ipv6 && type == EtherType.ipv6
    }

    /// Whether there is a header in the scope that holds addresses of the version.
    @inline(__always)
    func hasAddresses(of version: IPAddress.Version, _ scope: AddressScope) -> Bool {
        switch network {
        case .ipv4: version == .v4 && (scope == .any || scope == .ip)
        case .ipv6: version == .v6 && (scope == .any || scope == .ip6)
        case .arp:
            version == .v4
                && (scope == .any || scope == .arp && etherType == EtherType.arp
                    || scope == .rarp && etherType == EtherType.rarp)
        case .none: false
        }
    }
}

extension HeaderRecord {
    /// Whether addresses of the header (IP or ARP) lie within a block.
    @inline(__always)
    fileprivate func holds(_ block: AddressBlock, _ side: Side, _ layout: HeaderLayout) -> Bool {
        if let both = ipv4Addresses(layout) {
            return side.holds(
                UInt64(both.source) & block.lowMask == block.low, UInt64(both.destination) & block.lowMask == block.low)
        }
        guard let source = filterSource(layout), let destination = filterDestination(layout) else { return false }
        return side.holds(block.contains(source), block.contains(destination))
    }

    @inline(__always)
    fileprivate func holds(_ low: UInt16, _ high: UInt16, _ side: Side, _ layout: HeaderLayout) -> Bool {
        guard let both = ports(layout) else { return false }
        return side.holds(
            both.source >= low && both.source <= high, both.destination >= low && both.destination <= high)
    }

    /// Whether the packet is of an IP protocol, extension headers included.
    fileprivate func carries(_ number: UInt8, _ version: UInt8, _ layout: HeaderLayout) -> Bool {
        switch layout.network {
        case .ipv4: version != 6 && layout.upperProtocol == number
        case .ipv6:
            version != 4
                && (layout.upperProtocol == number
                    || IPProtocol.isExtension(number) && extensionHeaders(layout).contains(number))
        default: false
        }
    }

    fileprivate func mac(_ field: Field, _ layout: HeaderLayout) -> UInt64? {
        if case .mac(let address) = value(of: field, layout) { address.value } else { nil }
    }

    fileprivate func address(_ field: Field, _ layout: HeaderLayout) -> IPAddress? {
        switch field {
        case .source: source(layout)
        case .destination: destination(layout)
        default: if case .address(let address) = value(of: field, layout) { address } else { nil }
        }
    }

    fileprivate func holds(_ field: Field, _ range: NumberRange, _ layout: HeaderLayout) -> Bool {
        switch field {
        // The ones that filters ask for most, without the detour over `FieldValue`.
        case .frameLength: range.contains(UInt64(frameLength))
        case .ttl: ttl(layout).map { range.contains(UInt64($0)) } ?? false
        case .tcpFlags: tcpFlags(layout).map { range.contains(UInt64($0.rawValue)) } ?? false
        case .sourcePort: sourcePort(layout).map { range.contains(UInt64($0)) } ?? false
        case .destinationPort: destinationPort(layout).map { range.contains(UInt64($0)) } ?? false
        case .protocol: ipProtocol(layout).map { range.contains(UInt64($0)) } ?? false
        default:
            switch value(of: field, layout) {
            case .integer(let value): range.contains(value)
            case .boolean(let value): range.contains(value ? 1 : 0)
            case .list(let list): range.holds(list)
            default: false
            }
        }
    }

    /// Bytes of a header as a big-endian number; nil when they are not all there.
    fileprivate func bytes(
        of layer: ByteAccess.Layer, at offset: Int, size: UInt8, _ layout: HeaderLayout
    ) -> UInt64? {
        guard let start = layout.start(of: layer) else { return nil }
        let first = start + offset
        guard first + Int(size) <= min(Int(layout.end), bytes.count) else { return nil }
        var value: UInt64 = 0
        for index in first..<(first + Int(size)) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }
}

extension NumberRange {
    /// A list holds when one element does; with `!=` when none is equal.
    fileprivate func holds(_ list: ProtocolList) -> Bool {
        var inside = self
        inside.outside = false
        return list.contains { inside.contains(UInt64($0)) } != outside
    }
}

extension HeaderLayout {
    /// Where a header begins; nil when there is none of that kind.
    fileprivate func start(of layer: ByteAccess.Layer) -> Int? {
        switch layer {
        case .ether: hasEthernet ? 0 : nil
        case .ip: network == .ipv4 ? Int(networkOffset) : nil
        case .ip6: network == .ipv6 ? Int(networkOffset) : nil
        case .arp: network == .arp && etherType == EtherType.arp ? Int(networkOffset) : nil
        case .rarp: network == .arp && etherType == EtherType.rarp ? Int(networkOffset) : nil
        // Of a cut TCP header nothing but the ports is told, here as for fields.
        case .tcp: transport == .tcp && end >= transportOffset + 20 ? Int(transportOffset) : nil
        default: transport == layer.transport ? Int(transportOffset) : nil
        }
    }
}

extension ByteAccess.Layer {
    /// The transport header that is meant; nil for the layers below.
    var transport: HeaderLayout.Transport? {
        switch self {
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: .sctp
        case .icmp: .icmp
        case .icmp6: .icmpv6
        case .gre: .gre
        case .esp: .esp
        case .ah: .ah
        case .ether, .ip, .ip6, .arp, .rarp: nil
        }
    }

    /// Bytes that the longest header of this kind has: what lies behind is payload, which is not kept.
    var maximumLength: Int {
        switch self {
        case .ether: 14 + 4 * 4
        case .ip, .tcp: 60
        case .ip6: 40
        case .arp, .rarp: 28
        case .udp, .icmp, .icmp6, .esp: 8
        case .sctp: 12
        case .gre: 16
        case .ah: 255
        }
    }
}
