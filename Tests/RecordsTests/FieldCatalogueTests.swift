import CHdrlog
import PacketBuilder
import Records
import Testing

@Suite("The catalogue of fields")
struct FieldCatalogueTests {
    @Test("each field is decoded from a frame that has it", arguments: Field.allCases)
    func decoded(_ field: Field) throws {
        let (packet, expected) = try #require(Self.examples[field], "the table has no frame for \(field.name)")
        packet.withRecord(time: 1_700_000_000_123_456_789, interface: 7, direction: .egress, rate: 100) { record in
            #expect(text(record.value(of: field)) == expected)
        }
    }

    @Test("no field but the hook's own is told of a frame that is too short for Ethernet", arguments: Field.allCases)
    func absent(_ field: Field) {
        let own: Set<Field> = [
            .time, .interface, .direction, .frameLength, .capturedLength, .segments, .rate, .malformed, .vlanCount,
            .vlanStripped,
        ]
        Packet(.payload(13)).withRecord { record in
            #expect((record.value(of: field) != nil) == own.contains(field))
        }
    }

    @Test("each bit of the TCP flags, of the traffic class and of IPv4's flags has its place")
    func bits() {
        for bit in 0..<12 {
            Packet(.ethernet(), .ipv4(), .tcp(flags: TCPFlags(rawValue: 1 << bit))).withRecord {
                #expect(text($0.value(of: .tcpFlags)) == "\(1 << bit)")
            }
        }
        for bit in 0..<8 {
            let (dscp, ecn) = (UInt8(1 << bit) >> 2, UInt8(1 << bit) & 3)
            for network in [Layer.ipv4(dscp: dscp, ecn: ecn), .ipv6(dscp: dscp, ecn: ecn)] {
                Packet(.ethernet(), network, .udp()).withRecord {
                    #expect(text($0.value(of: .dscp)) == "\(dscp)")
                    #expect(text($0.value(of: .ecn)) == "\(ecn)")
                }
            }
        }
        for (bit, field) in [Field.reservedFlag, .dontFragment, .moreFragments].enumerated() {
            Packet(.ethernet(), .ipv4().patched(6, [0x80 >> UInt8(bit), 0]), .udp()).withRecord { record in
                for other in [Field.reservedFlag, .dontFragment, .moreFragments] {
                    #expect(text(record.value(of: other)) == "\(other == field)")
                }
            }
        }
    }

    @Test("tags are counted, up to four in the bytes and one that the hardware took off", arguments: 0...5)
    func tags(_ count: Int) {
        let tags = (0..<count).map { Layer.vlan(UInt16($0 + 1)) }
        let packet = Packet([.ethernet()] + tags + [.ipv4(), .udp()])
        packet.withRecord { #expect(text($0.value(of: .vlanCount)) == "\(min(count, 4))") }
        packet.withRecord(strippedTag: VLANTag(tpid: 0x88A8, tci: 0xF123)) { record in
            #expect(text(record.value(of: .vlanCount)) == "\(min(count, 4) + 1)")
            #expect(text(record.value(of: .vlan)) == "\(0x123)")
            #expect(text(record.value(of: .vlanPcp)) == "7")
            #expect(text(record.value(of: .vlanDei)) == "true")
            #expect(text(record.value(of: .vlanStripped)) == "true")
            #expect(text(record.value(of: .innerVlan)) == (count > 0 ? "1" : nil))
        }
    }

    // MARK: - the table

    private static let tcp = Packet(
        .ethernet(), .vlan(100, priority: 6, dropEligible: true, tpid: 0x88A8), .vlan(200, priority: 3),
        .ipv4(
            from: "198.51.100.7", ttl: 63, dscp: 46, ecn: 1, identification: 0xABCD, dontFragment: true,
            options: [0x94, 4, 0, 0]),
        .tcp(
            from: 50000, to: 443, flags: [.syn, .ece, .cwr], sequence: 0xDEAD_BEEF, acknowledgment: 7, window: 1024,
            urgentPointer: 9, options: Layer.synOptions))
    private static let ipv6 = Packet(
        .ethernet(), .ipv6(hopLimit: 3, flowLabel: 0xABCDE), .extensionHeader(),
        .fragment(offset: 0, more: true, identification: 0xCAFE_BABE), .ah(spi: 0x300, sequence: 5), .udp())
    private static let gre = Packet(.ethernet(), .ipv4(), .gre(key: 0xC0FFEE, sequence: 9), .ipv6(), .udp())
    private static let arp = Packet(.ethernet(), .arp(operation: 2, targetMac: MACAddress(0x0200_0000_0002)))
    private static let icmp = Packet(.ethernet(), .ipv6(), .icmpv6(type: 2, code: 1, rest: 1280))
    private static let sctp = Packet(.ethernet(), .ipv4(), .sctp(verificationTag: 0xDEAD_BEEF))

    private static let examples: [Field: (Packet, String)] = [
        .time: (tcp, "1700000000123456789"), .interface: (tcp, "#7"), .direction: (tcp, "out"),
        .frameLength: (tcp, "86"), .capturedLength: (tcp, "86"), .segments: (tcp, "1"), .rate: (tcp, "100"),
        .malformed: (tcp, "0"), .sourceMac: (tcp, "02:00:00:00:00:01"), .destinationMac: (tcp, "02:00:00:00:00:02"),
        .etherType: (tcp, "2048"), .vlanCount: (tcp, "2"), .vlan: (tcp, "100"), .vlanTpid: (tcp, "\(0x88A8)"),
        .vlanPcp: (tcp, "6"), .vlanDei: (tcp, "true"), .innerVlan: (tcp, "200"), .innerVlanTpid: (tcp, "\(0x8100)"),
        .innerVlanPcp: (tcp, "3"), .innerVlanDei: (tcp, "false"), .vlanStripped: (tcp, "false"),
        .ipVersion: (ipv6, "6"), .source: (ipv6, "2001:db8::1"), .destination: (tcp, "192.0.2.2"),
        .protocol: (ipv6, "17"), .ttl: (ipv6, "3"), .dscp: (tcp, "46"), .ecn: (tcp, "1"), .ihl: (tcp, "6"),
        .totalLength: (tcp, "64"), .identification: (ipv6, "\(0xCAFE_BABE)"), .reservedFlag: (tcp, "false"),
        .dontFragment: (tcp, "true"), .moreFragments: (ipv6, "true"), .fragmentOffset: (ipv6, "0"),
        .headerChecksum: (sctp, "\(0xF655)"), .headerChecksumValid: (tcp, "true"), .ipOptions: (tcp, "94040000"),
        .flowLabel: (ipv6, "\(0xABCDE)"), .payloadLength: (ipv6, "48"), .nextHeader: (ipv6, "0"),
        .extensionHeaders: (ipv6, "0,44,51"), .sourcePort: (tcp, "50000"), .destinationPort: (sctp, "2905"),
        .sequence: (tcp, "\(0xDEAD_BEEF)"), .acknowledgment: (tcp, "7"), .dataOffset: (tcp, "10"),
        .tcpFlags: (tcp, "\(0xC2)"), .window: (tcp, "1024"), .checksum: (icmp, "40263"), .urgentPointer: (tcp, "9"),
        .tcpOptions: (tcp, "020405b40402080a000000010000000001030307"), .mss: (tcp, "1460"),
        .windowScale: (tcp, "7"), .sackPermitted: (tcp, "true"), .tsVal: (tcp, "1"), .tsEcr: (tcp, "0"),
        .udpLength: (ipv6, "8"), .verificationTag: (sctp, "\(0xDEAD_BEEF)"), .icmpType: (icmp, "2"),
        .icmpCode: (icmp, "1"), .restOfHeader: (icmp, "00000500"), .arpOperation: (arp, "2"),
        .arpSenderMac: (arp, "02:00:00:00:00:01"), .arpSenderAddress: (arp, "192.0.2.1"),
        .arpTargetMac: (arp, "02:00:00:00:00:02"), .arpTargetAddress: (arp, "192.0.2.2"), .greFlags: (gre, "\(0x3000)"),
        .greProtocol: (gre, "\(0x86DD)"), .greKey: (gre, "\(0xC0FFEE)"), .spi: (ipv6, "\(0x300)"),
        .spiSequence: (ipv6, "5"),
    ]
}
