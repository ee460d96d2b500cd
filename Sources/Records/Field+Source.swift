extension Field {
    /// Where the field comes from in packets of a kind.
    // All in one piece in `HeaderRecord.value`, so that of a kind only what matters is worked out.
    @inline(__always)
    public func source(in kind: HeaderKind) -> FieldSource {
        switch self {
        case .time, .interface, .direction, .frameLength, .capturedLength, .segments, .rate, .malformed: .noted
        case .sourceMac, .destinationMac, .etherType, .vlanCount, .vlan, .vlanTpid, .vlanPcp, .vlanDei, .innerVlan,
            .innerVlanTpid, .innerVlanPcp, .innerVlanDei, .vlanStripped:
            linkSource(kind)
        case .arpOperation, .arpSenderMac, .arpSenderAddress, .arpTargetMac, .arpTargetAddress:
            // Whose form the ARP header's own lengths decide.
            kind.network == .arp ? .computed : .absent
        case .ipVersion, .source, .destination, .protocol, .ttl, .dscp, .ecn, .ihl, .totalLength, .identification,
            .reservedFlag, .dontFragment, .moreFragments, .fragmentOffset, .headerChecksum, .headerChecksumValid,
            .ipOptions, .flowLabel, .payloadLength, .nextHeader, .extensionHeaders:
            switch kind.network {
            case .ipv4: ipv4Source(kind)
            case .ipv6: ipv6Source(kind)
            case .none, .arp: .absent
            }
        case .spi, .spiSequence: securitySource(kind)
        default: transportSource(kind)
        }
    }

    @inline(__always)
    private func linkSource(_ kind: HeaderKind) -> FieldSource {
        switch self {
        case .sourceMac: kind.hasEthernet ? .place(FieldPlace(.link, 6, bytes: 6)) : .absent
        case .destinationMac: kind.hasEthernet ? .place(FieldPlace(.link, 0, bytes: 6)) : .absent
        case .etherType:
            switch kind.network {
            case _ where !kind.hasEthernet: .absent
            case .ipv4: .constant(.integer(UInt64(EtherType.ipv4)))
            case .ipv6: .constant(.integer(UInt64(EtherType.ipv6)))
            case .none, .arp: .computed
            }
        case _ where kind.isTagged: .computed
        case .vlanCount: .constant(.integer(0))
        case .vlanStripped: .constant(.boolean(false))
        default: .absent
        }
    }

    @inline(__always)
    private func ipv4Source(_ kind: HeaderKind) -> FieldSource {
        switch self {
        case .ipVersion: .constant(.integer(4))
        case .source: .place(FieldPlace(.network, 12, bytes: 4))
        case .destination: .place(FieldPlace(.network, 16, bytes: 4))
        case .protocol: .place(FieldPlace(.network, 9, bytes: 1))
        case .ttl: .place(FieldPlace(.network, 8, bytes: 1))
        case .dscp: .place(FieldPlace(.network, 1, bytes: 1, shift: 2, mask: 0x3F))
        case .ecn: .place(FieldPlace(.network, 1, bytes: 1, mask: 3))
        case .ihl: .place(FieldPlace(.network, 0, bytes: 1, mask: 0xF))
        case .totalLength: .place(FieldPlace(.network, 2, bytes: 2))
        case .identification: .place(FieldPlace(.network, 4, bytes: 2))
        case .reservedFlag: .place(FieldPlace(.network, 6, bytes: 2, shift: 15, mask: 1))
        case .dontFragment: .place(FieldPlace(.network, 6, bytes: 2, shift: 14, mask: 1))
        case .moreFragments: .place(FieldPlace(.network, 6, bytes: 2, shift: 13, mask: 1))
        case .fragmentOffset: .place(FieldPlace(.network, 6, bytes: 2, mask: 0x1FFF))
        case .headerChecksum: .place(FieldPlace(.network, 10, bytes: 2))
        case .headerChecksumValid: .computed
        case .ipOptions: kind.hasIPOptions ? .computed : .absent
        default: .absent
        }
    }

    @inline(__always)
    private func ipv6Source(_ kind: HeaderKind) -> FieldSource {
        switch self {
        case .ipVersion: .constant(.integer(6))
        case .source: .place(FieldPlace(.network, 8, bytes: 16))
        case .destination: .place(FieldPlace(.network, 24, bytes: 16))
        case .protocol: kind.hasIPOptions ? .computed : .place(FieldPlace(.network, 6, bytes: 1))
        case .ttl: .place(FieldPlace(.network, 7, bytes: 1))
        case .dscp: .place(FieldPlace(.network, 0, bytes: 2, shift: 6, mask: 0x3F))
        case .ecn: .place(FieldPlace(.network, 0, bytes: 2, shift: 4, mask: 3))
        case .flowLabel: .place(FieldPlace(.network, 0, bytes: 4, mask: 0xFFFFF))
        case .payloadLength: .place(FieldPlace(.network, 4, bytes: 2))
        case .nextHeader: .place(FieldPlace(.network, 6, bytes: 1))
        case .extensionHeaders: kind.hasIPOptions ? .computed : .constant(.list(ProtocolList()))
        case _ where !kind.hasIPOptions: .absent
        case .identification: .place(FieldPlace(.fragment, 4, bytes: 4))
        case .moreFragments: .place(FieldPlace(.fragment, 2, bytes: 2, mask: 1))
        case .fragmentOffset: .place(FieldPlace(.fragment, 2, bytes: 2, shift: 3, mask: 0x1FFF))
        default: .absent
        }
    }

    /// SPI and sequence number of AH or ESP; AH may be one of IPv6's extension headers.
    @inline(__always)
    private func securitySource(_ kind: HeaderKind) -> FieldSource {
        if kind.network == .ipv6, kind.hasIPOptions { return .computed }
        let offset = self == .spi ? 0 : 4
        return switch kind.transport {
        case .esp: .place(FieldPlace(.transport, offset, bytes: 4))
        case .ah: .place(FieldPlace(.transport, offset + 4, bytes: 4))
        default: .absent
        }
    }

    @inline(__always)
    private func transportSource(_ kind: HeaderKind) -> FieldSource {
        switch kind.transport {
        case .none, .esp, .ah: return .absent
        case .tcp, .udp, .udpLite, .sctp:
            if self == .sourcePort { return .place(FieldPlace(.transport, 0, bytes: 2)) }
            if self == .destinationPort { return .place(FieldPlace(.transport, 2, bytes: 2)) }
            return kind.transport == .tcp ? tcpSource(kind) : datagramSource(kind)
        case .icmp, .icmpv6: return icmpSource
        case .gre: return greSource
        }
    }

    @inline(__always)
    private func datagramSource(_ kind: HeaderKind) -> FieldSource {
        switch self {
        case .udpLength where kind.transport != .sctp: .place(FieldPlace(.transport, 4, bytes: 2))
        case .verificationTag where kind.transport == .sctp: .place(FieldPlace(.transport, 4, bytes: 4))
        case .checksum where kind.transport == .sctp: .place(FieldPlace(.transport, 8, bytes: 4))
        case .checksum: .place(FieldPlace(.transport, 6, bytes: 2))
        default: .absent
        }
    }

    @inline(__always)
    private var icmpSource: FieldSource {
        switch self {
        // Of a header that ends behind its first byte nothing is told.
        case .icmpType: .place(FieldPlace(.transport, 0, bytes: 1, needed: 2))
        case .icmpCode: .place(FieldPlace(.transport, 1, bytes: 1))
        case .checksum: .place(FieldPlace(.transport, 2, bytes: 2))
        case .restOfHeader: .computed
        default: .absent
        }
    }

    @inline(__always)
    private var greSource: FieldSource {
        switch self {
        case .greFlags: .place(FieldPlace(.transport, 0, bytes: 2))
        case .greProtocol: .place(FieldPlace(.transport, 2, bytes: 2))
        case .greKey, .checksum: .computed
        default: .absent
        }
    }

    /// Of a cut TCP header only the ports are told, as other decoders do.
    @inline(__always)
    private func tcpSource(_ kind: HeaderKind) -> FieldSource {
        switch self {
        case .sequence: .place(FieldPlace(.transport, 4, bytes: 4, needed: 20))
        case .acknowledgment: .place(FieldPlace(.transport, 8, bytes: 4, needed: 20))
        case .dataOffset: .place(FieldPlace(.transport, 12, bytes: 1, shift: 4, mask: 0xF, needed: 20))
        case .tcpFlags: .place(FieldPlace(.transport, 12, bytes: 2, mask: 0xFFF, needed: 20))
        case .window: .place(FieldPlace(.transport, 14, bytes: 2, needed: 20))
        case .checksum: .place(FieldPlace(.transport, 16, bytes: 2, needed: 20))
        case .urgentPointer: .place(FieldPlace(.transport, 18, bytes: 2, needed: 20))
        case .tcpOptions: kind.hasTCPOptions ? .computed : .absent
        case .mss, .windowScale, .sackPermitted, .tsVal, .tsEcr:
            kind.hasTCPOptions ? .tcpOption : .absent
        default: .absent
        }
    }
}
