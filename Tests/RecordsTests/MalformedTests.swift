import CHdrlog
import PacketBuilder
import Records
import Testing

@Suite("Malformed frames")
struct MalformedTests {
    typealias Case = (name: String, packet: Packet, reason: MalformedReason?, kept: Int)

    static let cases: [Case] = [
        ("13 bytes", Packet(.payload(13)), .truncatedL2, 13),
        ("a frame that ends within a tag", Packet(.raw(Packet(.ethernet(), .vlan(1)).cut(to: 16))), .truncatedL2, 16),
        ("19 bytes of IPv4", Packet(.raw(Packet(.ethernet(), .ipv4(), .udp()).cut(to: 33))), .truncatedL3, 33),
        ("39 bytes of IPv6", Packet(.raw(Packet(.ethernet(), .ipv6(), .udp()).cut(to: 53))), .truncatedL3, 53),
        (
            "IPv4 options cut", Packet(.raw(Packet(.ethernet(), .ipv4(options: [1, 1, 1, 1])).cut(to: 36))),
            .truncatedL3, 36
        ),
        ("ARP cut", Packet(.raw(Packet(.ethernet(), .arp()).cut(to: 30))), .truncatedL3, 30),
        (
            "an extension header cut", Packet(.raw(Packet(.ethernet(), .ipv6(), .extensionHeader()).cut(to: 58))),
            .badPayloadLength, 58
        ),
        ("7 bytes of UDP in the IP payload", Packet(.ethernet(), .ipv4(protocol: 17), .payload(7)), .truncatedL4, 41),
        ("version 6 under IPv4's type", Packet(.ethernet(), .ipv4().patched(0, [0x65]), .udp()), .badIpVersion, 34),
        ("version 4 under IPv6's type", Packet(.ethernet(), .ipv6().patched(0, [0x45]), .udp()), .badIpVersion, 54),
        ("IHL 4", Packet(.ethernet(), .ipv4().patched(0, [0x44]), .udp()), .badIhl, 34),
        ("total length 19", Packet(.ethernet(), .ipv4().patched(2, [0, 19]), .udp()), .badTotalLength, 34),
        (
            "total length beyond the frame", Packet(.ethernet(), .ipv4().patched(2, [5, 0]), .udp()), .badTotalLength,
            42
        ),
        ("total length 0 of an offload frame", Packet(.ethernet(), .ipv4().patched(2, [0, 0]), .udp()), nil, 42),
        (
            "payload length beyond the frame", Packet(.ethernet(), .ipv6().patched(4, [9, 9]), .udp()),
            .badPayloadLength, 62
        ),
        ("data offset 4", Packet(.ethernet(), .ipv4(), .tcp().patched(12, [0x40])), .badDataOffset, 54),
        (
            "data offset beyond the IP payload",
            Packet(.raw(Packet(.ethernet(), .ipv4(), .tcp().patched(12, [0x60])).bytes + [0, 0, 0, 0])), .badDataOffset,
            54
        ),
        ("data offset beyond the frame", Packet(.ethernet(), .ipv4(), .tcp().patched(12, [0xF0])), .truncatedL4, 54),
        ("UDP length 7", Packet(.ethernet(), .ipv4(), .udp().patched(4, [0, 7])), .badUdpLength, 42),
        (
            "UDP length beyond the IP payload", Packet(.ethernet(), .ipv4(), .udp().patched(4, [0, 99]), .payload(9)),
            .badUdpLength, 42
        ),
        (
            "UDP length of a first fragment",
            Packet(.ethernet(), .ipv4(moreFragments: true), .udp().patched(4, [9, 99]), .payload(8)), nil, 42
        ),
        (
            "nine extension headers",
            Packet(
                [.ethernet(), .ipv6()] + Array(repeating: .extensionHeader(IPProtocol.destination), count: 9) + [.udp()]
            ), .tooManyExtensions, 118
        ),
        (
            "eight extension headers",
            Packet(
                [.ethernet(), .ipv6()] + Array(repeating: .extensionHeader(IPProtocol.destination), count: 8) + [.udp()]
            ), nil, 126
        ),
        ("five tags", Packet([.ethernet()] + Array(repeating: .vlan(9), count: 5) + [.ipv4(), .udp()]), nil, 30),
        (
            "more than 256 header bytes", Packet(.ethernet(), .ipv6(), .extensionHeader(length: 248), .tcp()),
            .headersTooLong, 256
        ),
    ]

    @Test("the reason and the kept bytes are those of the table", arguments: cases.indices)
    func reasonAndExtent(_ index: Int) {
        let (name, packet, reason, kept) = Self.cases[index]
        packet.withRecord { record in
            #expect(MalformedReason(rawValue: record.metadata.malformed) == reason, "\(name)")
            #expect(record.bytes.count == kept, "\(name)")
        }
    }

    @Test("the kept bytes lay out as the whole frame does", arguments: cases.indices)
    func keptBytesSuffice(_ index: Int) {
        let (name, packet, _, kept) = Self.cases[index]
        guard kept < Int(HDRLOG_MAX_CAPTURED) else { return }
        packet.withRecord { record in
            let whole = packet.bytes.withUnsafeBytes {
                HeaderLayout(walking: $0, linkType: 0, frameLength: $0.count)
            }
            #expect(record.layout == whole, "\(name)")
        }
    }
}
