/// The catalogue of everything that is known of a packet.
///
/// A field's raw value is its one name: filter expressions, SQL columns, JSON keys, CSV headings and group-by keys
/// all use it. Names are only ever added. The order is that in which fields are listed to people.
public enum Field: String, CaseIterable, Hashable, Sendable {
    // What the hook noted.
    case time, interface, direction, frameLength, capturedLength, segments, rate, malformed
    // Ethernet and VLAN tags.
    case sourceMac, destinationMac, etherType
    case vlanCount, vlan, vlanTpid, vlanPcp, vlanDei, innerVlan, innerVlanTpid, innerVlanPcp, innerVlanDei, vlanStripped
    // IP of either version.
    case ipVersion, source, destination, `protocol`, ttl, dscp, ecn
    // IPv4, and IPv6's fragment header.
    case ihl, totalLength, identification, reservedFlag, dontFragment, moreFragments, fragmentOffset
    case headerChecksum, headerChecksumValid, ipOptions
    // IPv6.
    case flowLabel, payloadLength, nextHeader, extensionHeaders
    // TCP, UDP, SCTP.
    case sourcePort, destinationPort, sequence, acknowledgment, dataOffset, tcpFlags, window, checksum, urgentPointer
    case tcpOptions, mss, windowScale, sackPermitted, tsVal, tsEcr, udpLength, verificationTag
    // ICMP and ICMPv6.
    case icmpType, icmpCode, restOfHeader
    // ARP.
    case arpOperation, arpSenderMac, arpSenderAddress, arpTargetMac, arpTargetAddress
    // GRE, ESP, AH.
    case greFlags, greProtocol, greKey, spi, spiSequence
}

extension Field {
    public var name: String { rawValue }

    /// The field of a name or alias, whatever its case; nil for another word.
    public init?(named name: some StringProtocol) {
        let lower = name.lowercased()
        guard let field = Self.byLowerName[lower] else { return nil }
        self = field
    }

    /// Other names that people know a field by. They are read, never written.
    public var aliases: [String] {
        switch self {
        case .frameLength: ["len", "length"]
        case .interface: ["iface", "ifname", "dev"]
        case .ttl: ["hopLimit", "hlim"]
        case .protocol: ["upperProtocol"]
        case .source: ["srcip", "saddr"]
        case .destination: ["dstip", "daddr"]
        case .sourcePort: ["sport"]
        case .destinationPort: ["dport"]
        case .sourceMac: ["smac"]
        case .destinationMac: ["dmac"]
        case .acknowledgment: ["acknowledgement", "ack"]
        case .sequence: ["seq"]
        case .identification: ["ipid", "id"]
        case .window: ["win"]
        case .fragmentOffset: ["fragoff"]
        default: []
        }
    }

    private static let byLowerName: [String: Field] = {
        var all: [String: Field] = [:]
        for field in allCases {
            for name in [field.name] + field.aliases { all[name.lowercased()] = field }
        }
        return all
    }()
}
