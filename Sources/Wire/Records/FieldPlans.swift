internal import Records

/// Which of the chosen fields a record can have at all, by the headers that it has: asking for each of the 75 fields
/// costs as much for those that are absent.
struct FieldPlans {
    /// Positions among the chosen fields, by network, transport and tags.
    private let plans: [[Int]]

    private static let networks: [HeaderLayout.Network] = [.none, .ipv4, .ipv6, .arp]
    private static let transports: [HeaderLayout.Transport] = [
        .none, .tcp, .udp, .udpLite, .icmp, .icmpv6, .sctp, .gre, .esp, .ah,
    ]

    init(_ fields: [Field]) {
        var plans = [[Int]](repeating: [], count: Self.networks.count * Self.transports.count * 2)
        for network in Self.networks {
            for transport in Self.transports {
                for isTagged in [false, true] {
                    plans[Self.index(network, transport, isTagged)] = fields.indices.filter {
                        Self.isPossible(fields[$0], network, transport, isTagged)
                    }
                }
            }
        }
        self.plans = plans
    }

    @inline(__always)
    private static func index(
        _ network: HeaderLayout.Network, _ transport: HeaderLayout.Transport, _ isTagged: Bool
    ) -> Int {
        (Int(network.rawValue) * 10 + Int(transport.rawValue)) * 2 + (isTagged ? 1 : 0)
    }

    @inline(__always)
    func positions(_ layout: HeaderLayout, isTagged: Bool) -> [Int] {
        plans[Self.index(layout.network, layout.transport, isTagged)]
    }

    /// Conservative: true of a field that may turn out to be absent, never false of one that is there.
    private static func isPossible(
        _ field: Field, _ network: HeaderLayout.Network, _ transport: HeaderLayout.Transport, _ isTagged: Bool
    ) -> Bool {
        switch field {
        case .vlan, .vlanTpid, .vlanPcp, .vlanDei, .innerVlan, .innerVlanTpid, .innerVlanPcp, .innerVlanDei: isTagged
        case .arpOperation, .arpSenderMac, .arpSenderAddress, .arpTargetMac, .arpTargetAddress: network == .arp
        case .ihl, .totalLength, .reservedFlag, .dontFragment, .headerChecksum, .headerChecksumValid, .ipOptions:
            network == .ipv4
        case .flowLabel, .payloadLength, .nextHeader, .extensionHeaders: network == .ipv6
        case .sequence, .acknowledgment, .dataOffset, .tcpFlags, .window, .urgentPointer, .tcpOptions, .mss,
            .windowScale, .sackPermitted, .tsVal, .tsEcr:
            transport == .tcp
        case .sourcePort, .destinationPort: transport.hasPorts
        case .udpLength: transport == .udp || transport == .udpLite
        case .icmpType, .icmpCode, .restOfHeader: transport == .icmp || transport == .icmpv6
        case .verificationTag: transport == .sctp
        case .greFlags, .greProtocol, .greKey: transport == .gre
        // AH is an extension header in IPv6.
        case .spi, .spiSequence: transport == .esp || transport == .ah || network == .ipv6
        default: true
        }
    }
}
