/// EtherTypes (IEEE 802 numbers) and their names as tcpdump knows them.
public enum EtherType {
    public static let ipv4: UInt16 = 0x0800
    public static let arp: UInt16 = 0x0806
    public static let ipv6: UInt16 = 0x86DD
    /// Reverse ARP (RFC 903): ARP's format under its own type.
    public static let rarp: UInt16 = 0x8035

    /// Below this the field holds an 802.3 length, not a type.
    public static let smallest: UInt16 = 0x0600

    /// Whether this is a VLAN tag's TPID: 802.1Q, 802.1ad, or the older QinQ one.
    @inlinable @inline(__always)
    public static func isTag(_ type: UInt16) -> Bool { type == 0x8100 || type == 0x88A8 || type == 0x9100 }

    /// The name that is printed for a type, nil for one without a well-known name.
    public static func name(of type: UInt16) -> StaticString? {
        for entry in names where entry.type == type { return entry.name }
        return nil
    }

    /// The type that a name stands for; names are in lower case.
    public static func type(named name: some StringProtocol) -> UInt16? {
        for entry in names where "\(entry.name)" == name { return entry.type }
        return nil
    }

    /// All names, for hints in error messages and completion.
    public static var allNames: [String] { names.map { "\($0.name)" } }

    private static let names: [(type: UInt16, name: StaticString)] = [
        (0x0800, "ip"), (0x86DD, "ip6"), (0x0806, "arp"), (0x8035, "rarp"), (0x8847, "mpls"), (0x8848, "mpls-mc"),
        (0x8863, "pppoed"), (0x8864, "pppoes"), (0x88CC, "lldp"), (0x888E, "eapol"), (0x88E5, "macsec"),
        (0x88F7, "ptp"), (0x8809, "slow"), (0x809B, "atalk"), (0x80F3, "aarp"), (0x6003, "decnet"), (0x8137, "ipx"),
        (0x88A2, "aoe"), (0x8892, "profinet"), (0x88B8, "goose"), (0x88BA, "sv"), (0x8902, "cfm"), (0x9000, "loopback"),
        (0x22F0, "avtp"), (0x88A4, "ethercat"), (0x8906, "fcoe"), (0x0842, "wol"),
    ]
}
