public import Records

/// A frame with a fault, and what must be said of it: the table of all ways in which a frame can be malformed.
public struct MalformedCase: Sendable, CustomStringConvertible {
    public let name: String
    public let bytes: [UInt8]
    /// nil: nothing is wrong with it, although one might think so.
    public let reason: MalformedReason?
    /// Header bytes that are kept.
    public let kept: Int

    public var description: String { name }

    init(_ name: String, _ bytes: [UInt8], _ reason: MalformedReason?, kept: Int) {
        self.name = name
        self.bytes = bytes
        self.reason = reason
        self.kept = kept
    }

    init(_ name: String, _ packet: Packet, _ reason: MalformedReason?, kept: Int) {
        self.init(name, packet.bytes, reason, kept: kept)
    }

    public static let all = link + ipv4 + ipv6 + arp + transport + udp + tcp

    /// The frame cut at each length of a range; as many bytes are kept.
    static func cuts(_ name: String, _ packet: Packet, _ lengths: Range<Int>, _ reason: MalformedReason) -> [Self] {
        lengths.map { Self("\(name) cut to \($0) bytes", packet.cut(to: $0), reason, kept: $0) }
    }
}

// MARK: - Link layer, ARP

extension MalformedCase {
    private static let link: [Self] =
        cuts("Ethernet", Packet(.ethernet()), 0..<14, .truncatedL2)
        + cuts("a tag", Packet(.ethernet(), .vlan(1)), 14..<18, .truncatedL2)
        + cuts("the second tag", Packet(.ethernet(), .vlan(1, tpid: 0x88A8), .vlan(2)), 18..<22, .truncatedL2)
        + cuts("the fourth tag", Packet([.ethernet()] + (1...4).map { .vlan($0) }), 26..<30, .truncatedL2)
        + [
            Self("five tags", Packet([.ethernet()] + (1...5).map { .vlan($0) } + [.ipv4()]), nil, kept: 30),
            Self("an 802.3 length beyond the frame", Packet(.ethernet(type: 1500), .payload(46)), nil, kept: 14),
        ]

    private static let arp: [Self] =
        cuts("ARP", Packet(.ethernet(), .arp()), 14..<42, .truncatedL3)
        + [
            Self(
                "ARP of long addresses", Packet(.ethernet(), .arp().patched(4, [20, 16]), .payload(80)), nil, kept: 94),
            Self(
                "ARP of addresses beyond the frame", Packet(.ethernet(), .arp().patched(4, [255, 4])), .truncatedL3,
                kept: 42),
            Self(
                "ARP of addresses beyond what is kept",
                Packet(.ethernet(), .arp().patched(4, [255, 255]), .payload(1200)), .headersTooLong, kept: 256),
        ]
}

// MARK: - IP

extension MalformedCase {
    private static let ipv4: [Self] =
        cuts("IPv4", Packet(.ethernet(), .ipv4(), .udp()), 14..<34, .truncatedL3)
        + cuts(
            "IPv4 options", Packet(.ethernet(), .ipv4(options: .init(repeating: 1, count: 40))), 34..<74, .truncatedL3)
        + (0..<5).map { Self("IHL \($0)", udp4(0, [0x40 | $0]), .badIhl, kept: 34) }
        + (0..<16).filter { $0 != 4 }.map { Self("version \($0)", udp4(0, [$0 << 4 | 5]), .badIpVersion, kept: 34) }
        + (1..<20).map { Self("total length \($0)", udp4(2, [0, $0]), .badTotalLength, kept: 34) }
        + (6...15).map { ihl in
            Self(
                "total length 20 under IHL \(ihl)", Packet(.ethernet(), .ipv4().patched(0, [0x40 | ihl]), .payload(60)),
                nil, kept: 14 + 4 * Int(ihl))
        }.map { $0.with(totalLength: 20, reason: .badTotalLength) }
        + [
            Self("total length a byte beyond the frame", udp4(2, [0, 29]), .badTotalLength, kept: 42),
            Self("total length 65535", udp4(2, [0xFF, 0xFF]), .badTotalLength, kept: 42),
            Self("total length 0 of an offload frame", udp4(2, [0, 0]), nil, kept: 42),
            Self("padding behind the packet", udp4(2, [0, 28]) + [0, 0, 0, 0], nil, kept: 42),
            Self("a wrong header checksum", udp4(10, [0, 0]), nil, kept: 42),
            Self("a later fragment", Packet(.ethernet(), .ipv4(fragmentOffset: 1, protocol: 6)), nil, kept: 34),
        ]

    private static func udp4(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
        Packet(.ethernet(), .ipv4().patched(offset, bytes), .udp()).bytes
    }

    private func with(totalLength: UInt8, reason: MalformedReason) -> Self {
        var bytes = bytes
        bytes[17] = totalLength
        bytes[16] = 0
        return Self(name, bytes, reason, kept: kept)
    }

    /// Extension headers that state their length.
    private static let numbers: [UInt8] = [0, 43, 51, 60, 135, 139, 140]

    private static let ipv6: [Self] =
        cuts("IPv6", Packet(.ethernet(), .ipv6(), .udp()), 14..<54, .truncatedL3)
        + (0..<16).filter { $0 != 6 }.map { Self("version \($0)", udp6(0, [$0 << 4]), .badIpVersion, kept: 54) }
        + (numbers + [IPProtocol.fragment]).flatMap { number in
            (0..<8).map {
                Self(
                    "\($0) bytes of extension header \(number)",
                    Packet(.ethernet(), .ipv6(nextHeader: number), .payload($0, filledWith: 0)),
                    .truncatedL3, kept: 54 + $0)
            }
        }
        + numbers.map { number in
            Self(
                "extension header \(number) longer than the payload",
                Packet(.ethernet(), .ipv6(nextHeader: number), .raw([17, 9] + .init(repeating: 0, count: 30))),
                .truncatedL3, kept: 86)
        }
        + (9...11).map { Self("\($0) extension headers", extensions($0), .tooManyExtensions, kept: 118) }
        + [
            Self("eight extension headers", extensions(8), nil, kept: 126),
            Self("payload length a byte beyond the frame", udp6(4, [0, 9]), .badPayloadLength, kept: 62),
            Self("payload length 0 of an offload frame", udp6(4, [0, 0]), nil, kept: 62),
            Self("a later fragment", Packet(.ethernet(), .ipv6(), .fragment(offset: 1), .payload(3)), nil, kept: 62),
            Self(
                "an extension header beyond what is kept",
                Packet(.ethernet(), .ipv6(), .extensionHeader(length: 248), .udp()), .headersTooLong, kept: 256),
            Self(
                "L4 beyond what is kept", Packet(.ethernet(), .ipv6(), .extensionHeader(length: 192), .tcp()),
                .headersTooLong, kept: 256),
            Self(
                "TCP options beyond what is kept",
                Packet(
                    .ethernet(), .ipv6(), .extensionHeader(length: 176), .tcp(options: .init(repeating: 1, count: 8))),
                .headersTooLong, kept: 256),
        ]

    private static func udp6(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
        Packet(.ethernet(), .ipv6().patched(offset, bytes), .udp()).bytes
    }

    private static func extensions(_ count: Int) -> Packet {
        Packet(
            [.ethernet(), .ipv6()] + Array(repeating: .extensionHeader(IPProtocol.destination), count: count) + [.udp()]
        )
    }
}
