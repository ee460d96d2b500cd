import CHdrlog
import Records

extension RuleCompiler {
    /// `host` and `net`: an address of IP or ARP.
    mutating func address(_ block: AddressBlock, _ side: Side, _ scope: AddressScope, _ yes: Label, _ no: Label) {
        assembler.emit(.load(.byte, 1, from: Self.facts, Facts.network))
        switch (block.version, scope) {
        case (.v6, _): assembler.emit(.jump32(.notEqual, 1, HDRLOG_NETWORK_IPV6.rawValue), to: no)
        case (.v4, .ip), (.v4, .ip6): assembler.emit(.jump32(.notEqual, 1, HDRLOG_NETWORK_IPV4.rawValue), to: no)
        case (.v4, .any):
            // IPv4 and ARP are the odd ones.
            assembler.emit(.and32(1, 1))
            assembler.emit(.jump32(.equal, 1, 0), to: no)
            needAddresses(no)
        case (.v4, .arp), (.v4, .rarp):
            assembler.emit(.jump32(.notEqual, 1, HDRLOG_NETWORK_ARP.rawValue), to: no)
            needAddresses(no)
            assembler.emit(.load(.half, 1, from: Self.facts, Facts.etherType))
            let type = scope == .arp ? EtherType.arp : EtherType.rarp
            assembler.emit(.jump32(.notEqual, 1, UInt32(type)), to: no)
        }
        switch side {
        case .source: compare(block, Facts.source, yes, no)
        case .destination: compare(block, Facts.destination, yes, no)
        case .either, .both:
            let second = assembler.label()
            compare(block, Facts.source, side == .either ? yes : second, side == .either ? second : no)
            assembler.place(second)
            compare(block, Facts.destination, yes, no)
        }
    }

    /// A comparison of an address field: to `inside` or `outside`, or to `absent` without such a header.
    mutating func address(
        _ field: Field, _ block: AddressBlock, _ inside: Label, _ outside: Label, _ absent: Label
    ) {
        let isARP = field == .arpSenderAddress || field == .arpTargetAddress
        let place = field == .source || field == .arpSenderAddress ? Facts.source : Facts.destination
        assembler.emit(.load(.byte, 1, from: Self.facts, Facts.network))
        if isARP {
            assembler.emit(.jump32(.notEqual, 1, HDRLOG_NETWORK_ARP.rawValue), to: absent)
            needAddresses(absent)
        } else {
            let wanted = block.version == .v4 ? HDRLOG_NETWORK_IPV4 : HDRLOG_NETWORK_IPV6
            let other = block.version == .v4 ? HDRLOG_NETWORK_IPV6 : HDRLOG_NETWORK_IPV4
            assembler.emit(.jump32(.equal, 1, other.rawValue), to: outside)
            assembler.emit(.jump32(.notEqual, 1, wanted.rawValue), to: absent)
        }
        if isARP, block.version == .v6 { return assembler.jump(to: outside) }
        compare(block, place, inside, outside)
    }

    private mutating func needAddresses(_ no: Label) {
        assembler.emit(.load(.half, 1, from: Self.facts, Facts.has))
        assembler.emit(.and32(1, HDRLOG_HAS_ADDRESSES.rawValue))
        assembler.emit(.jump32(.equal, 1, 0), to: no)
    }

    /// Compares an address as on the wire, so that no byte is swapped at run time.
    private mutating func compare(_ block: AddressBlock, _ offset: Int, _ yes: Label, _ no: Label) {
        if block.version == .v4 {
            compareV4(block, offset, no)
        } else {
            compareHalf(block.high, block.highMask, offset, no)
            compareHalf(block.low, block.lowMask, offset + 8, no)
        }
        assembler.jump(to: yes)
    }

    private mutating func compareV4(_ block: AddressBlock, _ offset: Int, _ no: Label) {
        let mask = UInt32(truncatingIfNeeded: block.lowMask).bigEndian
        guard mask != 0 else { return }
        assembler.emit(.load(.word, 1, from: Self.facts, offset))
        if mask != .max { assembler.emit(.and32(1, mask)) }
        assembler.emit(.jump32(.notEqual, 1, UInt32(truncatingIfNeeded: block.low).bigEndian), to: no)
    }

    private mutating func compareHalf(_ value: UInt64, _ mask: UInt64, _ offset: Int, _ no: Label) {
        guard mask != 0 else { return }
        assembler.emit(.load(.double, 1, from: Self.facts, offset))
        if mask != .max {
            assembler.emit(BPFInstruction.constant64(2, mask.bigEndian))
            assembler.emit(.and64(1, with: 2))
        }
        assembler.emit(BPFInstruction.constant64(2, value.bigEndian))
        assembler.emit(.jump64(.notEqual, 1, 2), to: no)
    }
}
