import CHdrlog
import Filter
import PacketBuilder
import Records

/// A few frames of each kind; table tests name those that an expression selects.
enum Sample: String, CaseIterable {
    case web, webReply, dns, ping, ping6, arp, tagged, doubleTagged, web6, laterFragment, sctp, esp, gre, other,
        broadcast

    var packet: Packet {
        switch self {
        case .web:
            Packet(
                .ethernet(), .ipv4(from: "10.0.0.1", to: "192.0.2.80", ttl: 64, dscp: 46),
                .tcp(from: 40000, to: 443, flags: .syn, options: Layer.synOptions))
        case .webReply:
            Packet(
                .ethernet(), .ipv4(from: "192.0.2.80", to: "10.0.0.1", ttl: 5, dontFragment: true),
                .tcp(from: 443, to: 40000, flags: [.syn, .ack]), .payload(1400))
        case .dns: Packet(.ethernet(), .ipv4(from: "10.0.0.2", to: "10.0.0.53"), .udp(from: 5353, to: 53), .payload(30))
        case .ping: Packet(.ethernet(), .ipv4(from: "10.0.0.2", to: "10.0.0.53"), .icmp(), .payload(56))
        case .ping6: Packet(.ethernet(), .ipv6(hopLimit: 255), .extensionHeader(), .icmpv6())
        case .arp: Packet(.ethernet(), .arp(sender: "10.0.0.1", target: "10.0.0.2"), .payload(18))
        case .tagged: Packet(.ethernet(), .vlan(7, priority: 5), .ipv4(), .udp(to: 514))
        case .doubleTagged: Packet(.ethernet(), .vlan(100, tpid: 0x88A8), .vlan(7), .ipv6(), .tcp(to: 22))
        case .web6: Packet(.ethernet(), .ipv6(from: "2001:db8::1", to: "2001:db8:1::2", ecn: 2), .tcp(to: 80))
        case .laterFragment:
            Packet(.ethernet(), .ipv4(fragmentOffset: 185, protocol: IPProtocol.udp), .payload(100))
        case .sctp: Packet(.ethernet(), .ipv4(), .sctp(to: 2905), .payload(16))
        case .esp: Packet(.ethernet(), .ipv4(), .esp(), .payload(64))
        case .gre: Packet(.ethernet(), .ipv4(), .gre(key: 42), .ipv4(), .udp())
        case .other: Packet(.ethernet(type: 0x88CC), .payload(60))
        case .broadcast:
            Packet(.ethernet(to: MACAddress(0xFFFF_FFFF_FFFF)), .ipv4(to: "255.255.255.255"), .udp(from: 68, to: 67))
        }
    }

    static let interfaces: [UInt32: String] = [1: "eth0", 2: "veth7"]

    /// `doubleTagged` leaves by veth7, everything else comes in by eth0.
    func withRecord<Result>(_ body: (HeaderRecord) throws -> Result) rethrows -> Result {
        let isOut = self == .doubleTagged
        return try packet.withRecord(
            interface: isOut ? 2 : 1, direction: isOut ? .egress : .ingress, rate: self == .dns ? 10 : 1, body)
    }

    static func selected(by expression: String) throws(FilterError) -> [Sample] {
        let predicate = CompiledFilter(try FilterExpression(parsing: expression), interfaces: interfaces)
        return allCases.filter { sample in sample.withRecord { predicate.matches($0, $0.layout) } }
    }
}
