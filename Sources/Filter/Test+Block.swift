import Records

extension Test {
    /// Asks a block's summary: `.no` when no record of it can pass, else `.depends`.
    func verdict(for block: some BlockSummary) -> Verdict {
        mayHold(block) ? .depends : .no
    }

    private func mayHold(_ block: some BlockSummary) -> Bool {
        switch self {
        case .etherType(let type):
            // Links without Ethernet are summarised under type 0.
            block.mayHold(etherType: type) || block.mayHold(etherType: 0)
        case .ipProtocol(let number, _): IPProtocol.isExtension(number) || block.mayHold(ipProtocol: number)
        case .address(let address, _, _): block.mayHold(prefix: address.prefix)
        case .ports(let low, let high, _, let transport):
            block.mayHold(ports: low...high) && (transport == 0 || block.mayHold(ipProtocol: transport))
        case .direction(let direction): block.mayHold(direction: direction)
        case .interface(let index): block.mayHold(interface: index)
        case .present(let field): Self.mayHold(field, block)
        case .number(let field, let range): Self.mayHold(field, block) && Self.mayHold(field, range, block)
        case .addressField(let field, let address, let outside):
            outside || field != .source && field != .destination || block.mayHold(prefix: address.prefix)
        case .bytes(let layer, _, _, _): layer.ipProtocol.map { block.mayHold(ipProtocol: $0) } ?? true
        case .mac, .multicast, .tagged, .tag, .macField: true
        }
    }

    private static func mayHold(_ field: Field, _ block: some BlockSummary) -> Bool {
        switch field.home {
        case .transport(let number): block.mayHold(ipProtocol: number)
        default: true
        }
    }

    private static func mayHold(_ field: Field, _ range: NumberRange, _ block: some BlockSummary) -> Bool {
        if range.mask == .max, !range.outside, range.low <= 0xFFFF, field == .sourcePort || field == .destinationPort {
            let ports = UInt16(range.low)...UInt16(min(range.high, 0xFFFF))
            guard block.mayHold(ports: ports) else { return false }
        }
        if field == .protocol, range.mask == .max, range.low == range.high, !range.outside, range.low <= 255 {
            guard block.mayHold(ipProtocol: UInt8(range.low)) else { return false }
        }
        guard range.mask == .max, let held = block.range(of: field) else { return true }
        if range.outside { return held.lowerBound < range.low || held.upperBound > range.high }
        return held.lowerBound <= range.high && held.upperBound >= range.low
    }
}

extension ByteAccess.Layer {
    /// The IP protocol that the header comes with; nil for the layers below.
    fileprivate var ipProtocol: UInt8? {
        switch self {
        case .tcp: IPProtocol.tcp
        case .udp: IPProtocol.udp
        case .sctp: IPProtocol.sctp
        case .icmp: IPProtocol.icmp
        case .icmp6: IPProtocol.icmpv6
        case .gre: IPProtocol.gre
        case .esp: IPProtocol.esp
        case .ah: IPProtocol.ah
        case .ether, .ip, .ip6, .arp, .rarp: nil
        }
    }
}
