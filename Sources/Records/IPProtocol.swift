/// IP protocol numbers (IANA "Assigned Internet Protocol Numbers") and their names as tcpdump knows them.
public enum IPProtocol {
    public static let hopByHop: UInt8 = 0
    public static let icmp: UInt8 = 1
    public static let igmp: UInt8 = 2
    public static let tcp: UInt8 = 6
    public static let udp: UInt8 = 17
    public static let routing: UInt8 = 43
    public static let fragment: UInt8 = 44
    public static let gre: UInt8 = 47
    public static let esp: UInt8 = 50
    public static let ah: UInt8 = 51
    public static let icmpv6: UInt8 = 58
    public static let noNext: UInt8 = 59
    public static let destination: UInt8 = 60
    public static let sctp: UInt8 = 132
    public static let mobility: UInt8 = 135
    public static let udpLite: UInt8 = 136
    public static let hip: UInt8 = 139
    public static let shim6: UInt8 = 140

    /// Whether this number stands for an IPv6 extension header that is stepped over.
    @inlinable
    public static func isExtension(_ number: UInt8) -> Bool {
        switch number {
        case hopByHop, routing, fragment, ah, destination, mobility, hip, shim6: true
        default: false
        }
    }

    /// Bytes of the IPv6 extension header of type `number` (RFC 8200; AH: RFC 4302).
    static func extensionLength(of number: UInt8, lengthField: UInt8) -> Int {
        switch number {
        case fragment: 8
        case ah: max((Int(lengthField) + 2) * 4, 8)
        default: (Int(lengthField) + 1) * 8
        }
    }

    /// The name that is printed for a number, nil for one without a well-known name.
    public static func name(of number: UInt8) -> StaticString? {
        for entry in names where entry.number == number { return entry.name }
        return nil
    }

    /// The number that a name stands for; names are in lower case.
    public static func number(named name: some StringProtocol) -> UInt8? {
        if name == "icmpv6" { return icmpv6 }
        for entry in names where "\(entry.name)" == name { return entry.number }
        return nil
    }

    /// All names, for hints in error messages and completion.
    public static var allNames: [String] { names.map { "\($0.name)" } }

    private static let names: [(number: UInt8, name: StaticString)] = [
        (6, "tcp"), (17, "udp"), (1, "icmp"), (58, "icmp6"), (2, "igmp"), (4, "ipip"), (41, "ipv6"), (43, "ipv6-route"),
        (44, "ipv6-frag"), (46, "rsvp"), (47, "gre"), (50, "esp"), (51, "ah"), (59, "ipv6-nonxt"), (60, "ipv6-opts"),
        (88, "eigrp"), (89, "ospf"), (103, "pim"), (112, "vrrp"), (132, "sctp"), (136, "udplite"), (33, "dccp"),
        (0, "hopopt"), (135, "mobility"), (139, "hip"), (140, "shim6"), (3, "ggp"), (8, "egp"), (9, "igrp"),
        (94, "nos"), (97, "etherip"), (108, "ipcomp"), (115, "l2tp"), (137, "mpls-in-ip"),
    ]
}
