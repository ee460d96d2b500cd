import Records

extension Test {
    /// Asks what is known of a flow.
    func verdict(for flow: FlowKey) -> Verdict {
        switch self {
        case .etherType(let type): flow.verdict(etherType: type)
        case .ipProtocol(let number, let version): flow.verdict(number, version)
        case .address(let block, let side, let scope): flow.verdict(block, side, scope)
        case .ports(let low, let high, let side, let transport):
            Verdict(
                flow.hasPorts && (transport == 0 || flow.ipProtocol == transport)
                    && side.holds(
                        flow.sourcePort >= low && flow.sourcePort <= high,
                        flow.destinationPort >= low && flow.destinationPort <= high)
            )
        case .tagged: Verdict(flow.vlan != FlowKey.noTag)
        case .tag(let identifier): flow.verdict(tag: identifier)
        case .direction(let direction): Verdict(flow.direction == direction)
        case .interface(let index): Verdict(flow.interface == index)
        case .present(let field): flow.presence(of: field)
        case .number(let field, let range): flow.verdict(field, range)
        case .addressField(let field, let block, let outside): flow.verdict(field, block, outside)
        case .bytes(let layer, _, _, _): flow.mayHold(layer) ? .depends : .no
        case .mac, .multicast, .macField: .depends
        }
    }
}

extension FlowKey {
    private var isIP: Bool { network == .ipv4 || network == .ipv6 }

    fileprivate func verdict(etherType type: UInt16) -> Verdict {
        switch (network, type) {
        case (.ipv4, _): Verdict(type == EtherType.ipv4)
        case (.ipv6, _): Verdict(type == EtherType.ipv6)
        default: etherType == Self.unknown ? .depends : Verdict(etherType == type)
        }
    }

    fileprivate func verdict(_ number: UInt8, _ version: UInt8) -> Verdict {
        switch network {
        case .ipv4: return Verdict(version != 6 && ipProtocol == number)
        case .ipv6:
            if version == 4 { return .no }
            if ipProtocol == number { return .yes }
            return IPProtocol.isExtension(number) ? .depends : .no
        default: return .no
        }
    }

    fileprivate func verdict(_ block: AddressBlock, _ side: Side, _ scope: AddressScope) -> Verdict {
        guard hasAddresses, source.version == block.version else { return .no }
        switch (network, scope) {
        case (.none, _), (.ipv4, .ip6), (.ipv6, .ip): return .no
        case (.ipv4, .arp), (.ipv4, .rarp), (.ipv6, .arp), (.ipv6, .rarp), (.arp, .ip), (.arp, .ip6): return .no
        case (.arp, .arp), (.arp, .rarp):
            let type = verdict(etherType: scope == .arp ? EtherType.arp : EtherType.rarp)
            if type != .yes { return type }
        default: break
        }
        return Verdict(side.holds(block.contains(source), block.contains(destination)))
    }

    fileprivate func verdict(tag identifier: UInt16) -> Verdict {
        if vlan == identifier { return .yes }
        if vlan == Self.noTag { return .no }
        return innerVlan == Self.unknown ? .depends : Verdict(innerVlan == identifier)
    }

    /// The value of a field that the key holds: `.some(nil)` when it is certainly absent, nil when unknown.
    private func number(_ field: Field) -> UInt64?? {
        switch field {
        case .sourcePort: return .some(hasPorts ? UInt64(sourcePort) : nil)
        case .destinationPort: return .some(hasPorts ? UInt64(destinationPort) : nil)
        case .protocol: return .some(isIP ? UInt64(ipProtocol) : nil)
        case .ipVersion: return .some(isIP ? (network == .ipv4 ? 4 : 6) : nil)
        case .vlan: return .some(vlan == Self.noTag ? nil : UInt64(vlan))
        case .innerVlan:
            if vlan == Self.noTag || innerVlan == Self.noTag { return .some(nil) }
            return innerVlan == Self.unknown ? nil : .some(UInt64(innerVlan))
        default: return certainlyLacks(field) ? .some(nil) : nil
        }
    }

    /// Whether no record of the flow can have the field.
    private func certainlyLacks(_ field: Field) -> Bool {
        switch field.home {
        case .any: false
        case .ip: !isIP
        case .ipv4: network != .ipv4
        case .ipv6: network != .ipv6
        case .arp: network != .arp
        case .transport(let number): !isIP || ipProtocol != number
        }
    }

    fileprivate func presence(of field: Field) -> Verdict {
        if field == .source || field == .destination { return Verdict(isIP && hasAddresses) }
        if let known = number(field) { return Verdict(known != nil) }
        return .depends
    }

    fileprivate func verdict(_ field: Field, _ range: NumberRange) -> Verdict {
        guard let known = number(field) else { return .depends }
        return Verdict(known.map(range.contains) ?? false)
    }

    fileprivate func verdict(_ field: Field, _ block: AddressBlock, _ outside: Bool) -> Verdict {
        switch field {
        case .source, .destination:
            guard isIP, hasAddresses else { return .no }
            return Verdict(block.contains(field == .source ? source : destination) != outside)
        default: return network == .arp ? .depends : .no
        }
    }

    fileprivate func mayHold(_ layer: ByteAccess.Layer) -> Bool {
        switch layer {
        case .ether: true
        case .ip: network == .ipv4
        case .ip6: network == .ipv6
        case .arp, .rarp: network == .arp
        default: layer.transport == transport
        }
    }
}

/// The header that a field lives in.
enum FieldHome {
    case any, ip, ipv4, ipv6, arp
    /// Behind IP with this protocol number.
    case transport(UInt8)
}

extension Field {
    /// The header without which the field is certainly absent.
    var home: FieldHome {
        switch self {
        case .ttl, .dscp, .ecn, .ipVersion, .source, .destination, .protocol, .identification, .moreFragments,
            .fragmentOffset:
            .ip
        case .ihl, .totalLength, .reservedFlag, .dontFragment, .headerChecksum, .headerChecksumValid, .ipOptions: .ipv4
        case .flowLabel, .payloadLength, .nextHeader, .extensionHeaders: .ipv6
        case .sequence, .acknowledgment, .dataOffset, .tcpFlags, .window, .urgentPointer, .tcpOptions, .mss,
            .windowScale, .sackPermitted, .tsVal, .tsEcr:
            .transport(IPProtocol.tcp)
        case .arpOperation, .arpSenderMac, .arpSenderAddress, .arpTargetMac, .arpTargetAddress: .arp
        case .verificationTag: .transport(IPProtocol.sctp)
        case .greFlags, .greProtocol, .greKey: .transport(IPProtocol.gre)
        default: .any
        }
    }
}
