extension Field {
    /// One line for people: meaning and unit.
    public var documentation: String {
        linkDocumentation ?? networkDocumentation ?? transportDocumentation ?? ""
    }

    private var linkDocumentation: String? {
        switch self {
        case .time: "when the hook saw the frame, UTC, nanoseconds"
        case .interface: "interface that the frame came in or went out by"
        case .direction: "in (received) or out (sent)"
        case .frameLength: "bytes of the whole frame, L2 included, as the hook saw it"
        case .capturedLength: "header bytes kept"
        case .segments: "wire packets that the frame stands for (segmentation offload), at least 1"
        case .rate: "the record was chosen 1 in this many"
        case .malformed: "why the headers could not be walked to their end; 0 if they could"
        case .sourceMac: "Ethernet source address"
        case .destinationMac: "Ethernet destination address"
        case .etherType: "EtherType behind all tags"
        case .vlanCount: "VLAN tags, one taken off by the hardware included"
        case .vlan: "VLAN ID of the outermost tag"
        case .vlanTpid: "TPID of the outermost tag"
        case .vlanPcp: "priority (PCP) of the outermost tag"
        case .vlanDei: "drop-eligible bit of the outermost tag"
        case .innerVlan: "VLAN ID of the second tag"
        case .innerVlanTpid: "TPID of the second tag"
        case .innerVlanPcp: "priority (PCP) of the second tag"
        case .innerVlanDei: "drop-eligible bit of the second tag"
        case .vlanStripped: "the outermost tag was taken off by the hardware"
        default: nil
        }
    }

    private var networkDocumentation: String? {
        switch self {
        case .ipVersion: "4 or 6"
        case .source: "IP source address"
        case .destination: "IP destination address"
        case .protocol: "IP protocol; with IPv6 the one behind the extension headers"
        case .ttl: "IPv4 time to live or IPv6 hop limit"
        case .dscp: "Differentiated Services code point"
        case .ecn: "Explicit Congestion Notification bits"
        case .ihl: "IPv4 header length in 4-byte words"
        case .totalLength: "IPv4 total length in bytes"
        case .identification: "identification of IPv4 or of the IPv6 fragment header"
        case .reservedFlag: "IPv4's reserved flag"
        case .dontFragment: "IPv4's don't-fragment flag"
        case .moreFragments: "more fragments follow (IPv4 or IPv6 fragment header)"
        case .fragmentOffset: "fragment offset in 8-byte units (IPv4 or IPv6 fragment header)"
        case .headerChecksum: "IPv4 header checksum as on the wire"
        case .headerChecksumValid: "the IPv4 header checksum is right"
        case .ipOptions: "IPv4 options, raw"
        case .flowLabel: "IPv6 flow label"
        case .payloadLength: "IPv6 payload length in bytes"
        case .nextHeader: "next header of the fixed IPv6 header"
        case .extensionHeaders: "protocol numbers of the IPv6 extension headers, in order"
        case .arpOperation: "ARP operation: 1 request, 2 reply"
        case .arpSenderMac: "ARP sender's Ethernet address"
        case .arpSenderAddress: "ARP sender's IPv4 address"
        case .arpTargetMac: "ARP target's Ethernet address"
        case .arpTargetAddress: "ARP target's IPv4 address"
        default: nil
        }
    }

    private var transportDocumentation: String? {
        switch self {
        case .sourcePort: "source port of TCP, UDP, UDP-Lite or SCTP"
        case .destinationPort: "destination port of TCP, UDP, UDP-Lite or SCTP"
        case .sequence: "TCP sequence number"
        case .acknowledgment: "TCP acknowledgment number"
        case .dataOffset: "TCP header length in 4-byte words"
        case .tcpFlags: "TCP flags, 12 bits: three reserved, AE, CWR … FIN"
        case .window: "TCP window, not scaled"
        case .checksum: "checksum of TCP, UDP, ICMP, ICMPv6, SCTP (32 bits) or GRE as on the wire"
        case .urgentPointer: "TCP urgent pointer"
        case .tcpOptions: "TCP options, raw"
        case .mss: "TCP option: maximum segment size"
        case .windowScale: "TCP option: window scale"
        case .sackPermitted: "TCP option: SACK permitted"
        case .tsVal: "TCP option: time stamp value"
        case .tsEcr: "TCP option: time stamp echo reply"
        case .udpLength: "UDP length in bytes, or UDP-Lite checksum coverage"
        case .verificationTag: "SCTP verification tag"
        case .icmpType: "ICMP or ICMPv6 type"
        case .icmpCode: "ICMP or ICMPv6 code"
        case .restOfHeader: "bytes 4 to 7 of the ICMP or ICMPv6 header"
        case .greFlags: "GRE flags and version, 16 bits"
        case .greProtocol: "GRE protocol type"
        case .greKey: "GRE key"
        case .spi: "security parameter index of AH or ESP; the first if both are there"
        case .spiSequence: "sequence number of AH or ESP; the first if both are there"
        default: nil
        }
    }
}
