import CHdrlog
import PacketBuilder
import Records
import Testing

@Suite("Decoding")
struct DecodingTests {
    private func expect(_ packet: Packet, _ expected: [Field: String?], _ comment: Comment = "") {
        packet.withRecord { record in
            let layout = record.layout
            for (field, wanted) in expected {
                #expect(text(record.value(of: field, layout)) == wanted, "\(field.name) \(comment)")
            }
        }
    }

    @Test("every TCP field of a SYN with options is decoded")
    func tcpSyn() {
        let packet = Packet(
            .ethernet(),
            .ipv4(from: "198.51.100.7", ttl: 63, dscp: 46, ecn: 1, identification: 0xABCD, dontFragment: true),
            .tcp(
                from: 50000, to: 443, flags: [.syn, .ece, .cwr, .ae], sequence: 0xDEAD_BEEF, acknowledgment: 7,
                window: 1024, urgentPointer: 9, options: Layer.synOptions), .payload(10))
        expect(
            packet,
            [
                .sourceMac: "02:00:00:00:00:01", .destinationMac: "02:00:00:00:00:02", .etherType: "2048",
                .vlanCount: "0", .vlan: nil, .vlanStripped: "false", .ipVersion: "4", .ihl: "5", .dscp: "46", .ecn: "1",
                .totalLength: "70", .identification: "43981", .reservedFlag: "false", .dontFragment: "true",
                .moreFragments: "false", .fragmentOffset: "0", .ttl: "63", .protocol: "6", .headerChecksumValid: "true",
                .source: "198.51.100.7", .destination: "192.0.2.2", .ipOptions: nil, .sourcePort: "50000",
                .destinationPort: "443", .sequence: "3735928559", .acknowledgment: "7", .dataOffset: "10",
                .tcpFlags: "\(0x1C2)", .window: "1024", .urgentPointer: "9", .mss: "1460", .windowScale: "7",
                .sackPermitted: "true", .tsVal: "1", .tsEcr: "0", .udpLength: nil, .icmpType: nil, .flowLabel: nil,
                .tcpOptions: "020405b40402080a000000010000000001030307", .frameLength: "84", .capturedLength: "74",
                .malformed: "0", .direction: "in", .segments: "1", .rate: "1", .interface: "#1",
            ])
    }

    @Test("a stripped VLAN tag is the outermost one")
    func strippedTag() {
        let packet = Packet(.ethernet(), .vlan(7, priority: 3, dropEligible: true), .ipv4(), .udp())
        packet.withRecord(strippedTag: VLANTag(tpid: 0x88A8, tci: 0xA064)) { record in
            let expected: [Field: String] = [
                .vlanCount: "2", .vlan: "100", .vlanTpid: "\(0x88A8)", .vlanPcp: "5", .vlanDei: "false",
                .innerVlan: "7", .innerVlanTpid: "\(0x8100)", .innerVlanPcp: "3", .innerVlanDei: "true",
                .vlanStripped: "true", .destinationPort: "53",
            ]
            for (field, wanted) in expected { #expect(text(record.value(of: field)) == wanted, "\(field.name)") }
        }
    }

    @Test("IPv6 with a chain of extension headers is walked to its transport header")
    func extensionChain() {
        let packet = Packet(
            .ethernet(), .ipv6(hopLimit: 3, dscp: 10, ecn: 2, flowLabel: 0xABCDE), .extensionHeader(length: 16),
            .extensionHeader(IPProtocol.routing, length: 24), .fragment(more: true, identification: 0x1234_5678), .ah(),
            .extensionHeader(IPProtocol.destination), .udp(to: 4242), .payload(32))
        expect(
            packet,
            [
                .extensionHeaders: "0,43,44,51,60", .nextHeader: "0", .protocol: "17", .destinationPort: "4242",
                .identification: "305419896", .moreFragments: "true", .fragmentOffset: "0", .flowLabel: "703710",
                .dscp: "10", .ecn: "2", .ttl: "3", .payloadLength: "120", .ihl: nil,
            ])
    }

    @Test("a later fragment has no transport header, whatever its bytes look like")
    func laterFragments() {
        expect(
            Packet(.ethernet(), .ipv4(moreFragments: true, fragmentOffset: 10), .tcp()),
            [.protocol: "6", .fragmentOffset: "10", .sourcePort: nil, .tcpFlags: nil, .capturedLength: "34"])
        expect(
            Packet(.ethernet(), .ipv6(), .fragment(offset: 10, more: true), .tcp()),
            [.protocol: "6", .fragmentOffset: "10", .sourcePort: nil, .tcpFlags: nil, .capturedLength: "62"])
    }

    @Test("the leading fields of ARP, ICMP, SCTP, GRE, ESP and AH are decoded")
    func otherProtocols() {
        expect(
            Packet(.ethernet(), .arp(operation: 2, targetMac: MACAddress(5)), .payload(18)),
            [
                .arpOperation: "2", .arpSenderMac: "02:00:00:00:00:01", .arpSenderAddress: "192.0.2.1",
                .arpTargetMac: "00:00:00:00:00:05", .arpTargetAddress: "192.0.2.2", .capturedLength: "42",
                .source: nil,
            ])
        expect(
            Packet(.ethernet(), .ipv4(), .icmp(type: 3, code: 4, rest: 0x0000_05DC), .payload(28)),
            [.icmpType: "3", .icmpCode: "4", .restOfHeader: "000005dc", .capturedLength: "42"])
        expect(
            Packet(.ethernet(), .ipv6(), .icmpv6(type: 135)), [.icmpType: "135", .restOfHeader: "00010001"])
        expect(
            Packet(.ethernet(), .ipv4(), .sctp(verificationTag: 99)),
            [.verificationTag: "99", .sourcePort: "40000", .capturedLength: "46"])
        expect(
            Packet(.ethernet(), .ipv4(), .gre(key: 77, sequence: 5, checksum: true), .ipv6(), .tcp()),
            [.greFlags: "\(0xB000)", .greProtocol: "\(0x86DD)", .greKey: "77", .capturedLength: "50", .sourcePort: nil])
        expect(Packet(.ethernet(), .ipv4(), .esp(spi: 8, sequence: 9)), [.spi: "8", .spiSequence: "9"])
        expect(
            Packet(.ethernet(), .ipv4(), .ah(spi: 8, sequence: 9), .tcp()),
            [.spi: "8", .spiSequence: "9", .protocol: "51", .sourcePort: nil, .capturedLength: "58"])
        expect(Packet(.ethernet(), .ipv4(), .udpLite(to: 9)), [.destinationPort: "9", .udpLength: "0"])
    }

    @Test("IPv4 options are kept raw, and a wrong header checksum is told")
    func ipOptions() {
        let layer = Layer.ipv4(options: [148, 4, 0, 0])
        expect(
            Packet(.ethernet(), layer, .udp()), [.ihl: "6", .ipOptions: "94040000", .headerChecksumValid: "true"])
        expect(
            Packet(.ethernet(), layer.patched(10, [0, 0]), .udp()),
            [.headerChecksum: "0", .headerChecksumValid: "false"])
    }

    @Test("a link without Ethernet begins with IP")
    func rawIP() {
        Packet(.ipv6(), .tcp(to: 179)).withRecord(linkType: HDRLOG_LINK_RAW_IP) { record in
            #expect(text(record.value(of: .destinationPort)) == "179")
            #expect(text(record.value(of: .sourceMac)) == nil)
            #expect(text(record.value(of: .etherType)) == nil)
        }
    }

    @Test("padding behind the IP payload is not taken for a header")
    func padding() {
        // A first fragment with 8 bytes of TCP, then Ethernet padding.
        let packet = Packet(.ethernet(), .ipv4(moreFragments: true, protocol: 6), .raw([0, 80, 1, 187, 1, 2, 3, 4]))
        let padded = Packet(.raw(packet.bytes), .payload(20))
        expect(
            padded, [.sourcePort: "80", .sequence: nil, .tcpFlags: nil, .capturedLength: "42", .malformed: "3"])
    }
}
