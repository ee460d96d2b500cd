import Filter
import PacketBuilder
import Records
import Testing

@Suite("Selection")
struct SelectionTests {
    static let table: [(String, [Sample])] = [
        ("", Sample.allCases),
        ("tcp", [.web, .webReply, .doubleTagged, .web6]),
        ("udp", [.dns, .tagged, .laterFragment, .broadcast]),
        ("icmp", [.ping]),
        ("icmp6", [.ping6]),
        ("arp", [.arp]),
        ("ip6", [.ping6, .doubleTagged, .web6]),
        ("ip6 and not tcp", [.ping6]),
        ("sctp or esp or gre", [.sctp, .esp, .gre]),
        ("ip proto 50", [.esp]),
        ("ip proto \\esp", [.esp]),
        ("ip6 proto 58", [.ping6]),
        ("ip6 proto 0", [.ping6]),
        ("proto 47", [.gre]),
        ("proto icmp", [.ping]),
        ("ether proto 0x88cc", [.other]),
        ("lldp", [.other]),
        ("ether proto \\arp", [.arp]),
        // Addresses.
        ("host 10.0.0.1", [.web, .webReply, .arp]),
        ("src host 10.0.0.1", [.web, .arp]),
        ("dst host 10.0.0.1", [.webReply]),
        ("src 10.0.0.1", [.web, .arp]),
        ("10.0.0.1", [.web, .webReply, .arp]),
        ("ip host 10.0.0.1", [.web, .webReply]),
        ("arp host 10.0.0.2", [.arp]),
        ("net 10.0.0.0/8", [.web, .webReply, .dns, .ping, .arp]),
        ("net 10", [.web, .webReply, .dns, .ping, .arp]),
        ("net 10.0.0.0 mask 255.0.0.0", [.web, .webReply, .dns, .ping, .arp]),
        ("src and dst net 10.0.0.0/24", [.dns, .ping, .arp]),
        ("dst and src net 10.0.0.0/24", [.dns, .ping, .arp]),
        ("src or dst host 192.0.2.80", [.web, .webReply]),
        ("net 2001:db8:1::/48", [.web6]),
        ("host 2001:db8::1", [.ping6, .doubleTagged, .web6]),
        ("src host 10.0.0.1 or 192.0.2.80", [.web, .webReply, .arp]),
        ("src host (10.0.0.1 or 192.0.2.80)", [.web, .webReply, .arp]),
        ("not host 10.0.0.1 and 10.0.0.53", [.dns, .ping]),
        ("ether host 02:00:00:00:00:01 and arp", [.arp]),
        ("ether dst ff:ff:ff:ff:ff:ff", [.broadcast]),
        ("ether broadcast", [.broadcast]),
        ("broadcast", [.broadcast]),
        ("multicast", [.broadcast]),
        ("ip multicast", [.broadcast]),
        ("ip6 multicast", []),
        // Ports.
        ("port 443", [.web, .webReply]),
        ("port https", [.web, .webReply]),
        ("dst port 443", [.web]),
        ("tcp port 53", []),
        ("udp port 53", [.dns]),
        ("udp port domain", [.dns]),
        ("port 53 or 443", [.web, .webReply, .dns]),
        ("port (53 or 443)", [.web, .webReply, .dns]),
        ("tcp dst port 443 or 80", [.web, .web6]),
        ("portrange 50-60", [.dns]),
        ("tcp portrange 79-81", [.web6]),
        ("src portrange 5000-6000", [.dns]),
        ("sctp port 2905", [.sctp]),
        ("port 2905", [.sctp]),
        // VLAN.
        ("vlan", [.tagged, .doubleTagged]),
        ("vlan 7", [.tagged, .doubleTagged]),
        ("vlan 100", [.doubleTagged]),
        ("vlan 7 and vlan 100", [.doubleTagged]),
        ("vlan = 7", [.tagged]),
        ("innerVlan = 7", [.doubleTagged]),
        ("vlanPcp = 5", [.tagged]),
        ("vlanCount > 1", [.doubleTagged]),
        // Flags and bytes.
        ("tcp[tcpflags] & tcp-syn != 0", [.web, .webReply]),
        ("tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn", [.web]),
        ("tcp[13] = 2", [.web]),
        ("tcp[13] == 18", [.webReply]),
        ("tcp[2:2] = 443", [.web]),
        ("ip[8] < 10", [.webReply]),
        ("ip[6:2] & 0x1fff != 0", [.laterFragment]),
        ("ether[0] & 1 = 1", [.broadcast]),
        ("icmp[icmptype] = icmp-echo", [.ping]),
        ("icmp6[0] = 128", [.ping6]),
        ("tcp flags syn", [.web, .webReply]),
        ("tcp flags syn,ack", [.webReply]),
        ("tcp flags syn/syn,ack", [.web]),
        ("tcpFlags & (syn|ack) = syn", [.web]),
        ("tcpFlags = syn", [.web]),
        ("not tcp flags syn and tcp", [.doubleTagged, .web6]),
        // Lengths and other fields.
        ("less 60", [.arp, .tagged, .broadcast]),
        ("greater 1000", [.webReply]),
        ("len > 1k", [.webReply]),
        ("frameLength >= 1Ki", [.webReply]),
        ("ttl < 10", [.webReply]),
        ("hopLimit = 255", [.ping6]),
        ("ttl in {5, 255}", [.webReply, .ping6]),
        ("ttl in 1-10", [.webReply]),
        ("dscp = ef", [.web]),
        ("ecn = ect0", [.web6]),
        ("ecn != 0", [.web6]),
        ("source in 10.0.0.0/8", [.web, .dns, .ping]),
        ("source in {10.0.0.1, 192.0.2.80/32}", [.web, .webReply]),
        ("source = 10/8", [.web, .dns, .ping]),
        ("arpTargetAddress = 10.0.0.2", [.arp]),
        ("arpOperation = request", [.arp]),
        ("mss = 1460", [.web]),
        ("has mss", [.web]),
        ("mss", [.web]),
        ("sackPermitted", [.web]),
        ("windowScale = 7 and tsVal = 1", [.web]),
        ("dontFragment", [.webReply]),
        ("fragmentOffset > 0", [.laterFragment]),
        ("extensionHeaders = hopopt", [.ping6]),
        ("greKey = 42", [.gre]),
        ("spi = 0x200", [.esp]),
        ("verificationTag = 7", [.sctp]),
        ("sourcePort in {5353, 68}", [.dns, .broadcast]),
        ("destinationMac = ff:ff:ff:ff:ff:ff", [.broadcast]),
        ("rate > 1", [.dns]),
        ("malformed", []),
        ("headerChecksumValid = false", []),
        // Metadata.
        ("inbound and vlan", [.tagged]),
        ("outbound", [.doubleTagged]),
        ("direction = out", [.doubleTagged]),
        ("interface veth7", [.doubleTagged]),
        ("interface veth*", [.doubleTagged]),
        ("interface \"eth?\" and vlan", [.tagged]),
        ("interface = veth7", [.doubleTagged]),
        ("interface != eth0", [.doubleTagged]),
        ("interface wlan0", []),
        // Structure: and/or bind equally, from left to right.
        ("tcp or udp and port 53", [.dns]),
        ("tcp or (udp and port 53)", [.web, .webReply, .dns, .doubleTagged, .web6]),
        ("not (tcp or udp) && ! arp and ip", [.ping, .sctp, .esp, .gre]),
        ("not not arp", [.arp]),
        ("TCP AND DST PORT HTTPS", [.web]),
    ]

    @Test("an expression selects just the frames that it describes", arguments: table)
    func selects(_ expression: String, _ expected: [Sample]) throws {
        #expect(try Sample.selected(by: expression) == Sample.allCases.filter(expected.contains))
    }

    @Test("canonical text parses to the same expression", arguments: table)
    func printsAndParses(_ expression: String, _ expected: [Sample]) throws {
        let parsed = try FilterExpression(parsing: expression)
        let again = try FilterExpression(parsing: parsed.description)
        #expect(again == parsed, "\(expression) → \(parsed)")
        #expect(again.description == parsed.description)
    }

    @Test("what a flow key settles is what its records say", arguments: table)
    func flowVerdictsAgree(_ expression: String, _ expected: [Sample]) throws {
        let predicate = CompiledFilter(try FilterExpression(parsing: expression), interfaces: Sample.interfaces)
        for sample in Sample.allCases {
            sample.withRecord { record in
                let layout = record.layout
                let verdict = predicate.verdict(for: FlowKey(record, layout))
                if verdict != .depends {
                    #expect((verdict == .yes) == predicate.matches(record, layout), "\(expression) on \(sample)")
                }
            }
        }
    }
}
