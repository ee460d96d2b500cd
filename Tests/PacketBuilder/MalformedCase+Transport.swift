import Records

extension MalformedCase {
    /// An IP packet whose payload are the first `count` bytes of an L4 header, in either IP version.
    private static func short(_ name: String, _ number: UInt8, _ header: [UInt8], versions: [UInt8] = [4, 6]) -> [Self]
    {
        versions.flatMap { version in
            (0..<header.count).map { count in
                let network = version == 4 ? Layer.ipv4(protocol: number) : .ipv6(nextHeader: number)
                return Self(
                    "\(count) bytes of \(name) in IPv\(version)",
                    Packet(.ethernet(), network, .raw(Array(header.prefix(count)))), .truncatedL4,
                    kept: (version == 4 ? 34 : 54) + count)
            }
        }
    }

    static let transport: [Self] =
        short("TCP", 6, [UInt8](repeating: 0x50, count: 20))
        + short("UDP", 17, [UInt8](repeating: 0, count: 8))
        + short("UDP-Lite", 136, [UInt8](repeating: 0, count: 8))
        + short("ICMP", 1, [UInt8](repeating: 8, count: 8), versions: [4])
        + short("ICMPv6", 58, [UInt8](repeating: 128, count: 8), versions: [6])
        + short("SCTP", 132, [UInt8](repeating: 0, count: 12))
        + short("ESP", 50, [UInt8](repeating: 1, count: 8))
        + short("AH", 51, [6, 4] + [UInt8](repeating: 0, count: 22), versions: [4])
        + short("GRE", 47, [0, 0, 8, 0])
        + short("GRE with checksum, key and sequence number", 47, [0xB0, 0, 8, 0] + [UInt8](repeating: 0, count: 12))
        + short("GRE of PPTP", 47, [0x30, 0x81, 0x88, 0x0B] + [UInt8](repeating: 0, count: 12))
        + [
            Self("ICMPv6 in IPv4", Packet(.ethernet(), .ipv4(protocol: 58), .payload(3)), nil, kept: 34),
            Self("ICMP in IPv6", Packet(.ethernet(), .ipv6(nextHeader: 1), .payload(3)), nil, kept: 54),
            Self("an unknown protocol", Packet(.ethernet(), .ipv4(protocol: 253), .payload(1)), nil, kept: 34),
            Self(
                "AH whose length says less than its fixed part",
                Packet(.ethernet(), .ipv4(protocol: 51), .raw([6, 0] + .init(repeating: 0, count: 30))), nil, kept: 46),
        ]

    static let udp: [Self] =
        (0..<8).map { Self("UDP length \($0)", udp(length: $0, payload: 9), .badUdpLength, kept: 42) }
        + [
            Self("UDP length a byte beyond the packet", udp(length: 18, payload: 9), .badUdpLength, kept: 42),
            Self("UDP length short of the packet", udp(length: 16, payload: 9), nil, kept: 42),
            Self(
                "UDP length into the padding",
                Packet(.ethernet(), .ipv4(), .udp().patched(4, [0, 9])).bytes + [UInt8](repeating: 0, count: 18),
                .badUdpLength, kept: 42),
            Self(
                "UDP length of a first fragment",
                Packet(.ethernet(), .ipv4(moreFragments: true), .udp().patched(4, [9, 99]), .payload(8)), nil, kept: 42),
            Self(
                "UDP length of IPv6's first fragment",
                Packet(.ethernet(), .ipv6(), .fragment(more: true), .udp().patched(4, [9, 99]), .payload(8)), nil,
                kept: 70),
            Self(
                "UDP length behind a fragment header of a whole packet",
                Packet(.ethernet(), .ipv6(), .fragment(), .udp().patched(4, [9, 99]), .payload(8)), .badUdpLength,
                kept: 70),
        ]

    private static func udp(length: UInt8, payload: Int) -> Packet {
        Packet(.ethernet(), .ipv4(), .udp().patched(4, [0, length]), .payload(payload))
    }

    static let tcp: [Self] =
        (UInt8(0)..<5).map { Self("data offset \($0)", tcp(offset: $0, behind: 60), .badDataOffset, kept: 54) }
        + (UInt8(6)...15).flatMap { offset in
            let missing = 4 * Int(offset) - 20
            return [
                Self(
                    "data offset \(offset) beyond the frame", tcp(offset: offset, behind: missing - 1), .truncatedL4,
                    kept: 54 + missing - 1),
                Self(
                    "data offset \(offset) beyond the packet, into the padding",
                    tcp(offset: offset, behind: 0).bytes + [UInt8](repeating: 0, count: missing), .badDataOffset,
                    kept: 54),
                Self("data offset \(offset)", tcp(offset: offset, behind: missing), nil, kept: 54 + missing),
            ]
        }

    private static func tcp(offset: UInt8, behind: Int) -> Packet {
        Packet(.ethernet(), .ipv4(), .tcp().patched(12, [offset << 4]), .payload(behind, filledWith: 1))
    }
}
