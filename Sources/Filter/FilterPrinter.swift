import Records

/// Canonical text: every qualifier written out, numbers instead of names where a name could be read two ways, and
/// parentheses wherever `and` and `or` meet. Parsing it yields the same tree.
enum FilterPrinter {
    static func text(_ node: FilterNode) -> String {
        switch node {
        case .all: ""
        case .primitive(let primitive): text(primitive)
        case .not(let inner): "not " + nested(inner)
        case .and(let parts): parts.map(nested).joined(separator: " and ")
        case .or(let parts): parts.map(nested).joined(separator: " or ")
        }
    }

    private static func nested(_ node: FilterNode) -> String {
        switch node {
        case .and, .or: "(\(text(node)))"
        default: text(node)
        }
    }

    private static func text(_ primitive: Primitive) -> String {
        switch primitive {
        case .etherType(let type): etherType(type)
        case .ipProtocol(let number, let version): ipProtocol(number, version)
        case .address(let prefix, let side, let scope):
            (scope == .any ? "" : "\(scope) ") + text(side) + (prefix.isHost ? "host \(prefix)" : "net \(prefix)")
        case .ports(let range, let side, let transport):
            (transport.map { "\(IPProtocol.name(of: $0)!) " } ?? "") + text(side) + ports(range)
        case .mac(let address, let side): "ether " + text(side) + "host \(address)"
        case .multicast: "ether multicast"
        case .vlan(let identifier): identifier.map { "vlan \($0)" } ?? "vlan"
        case .direction(let direction): direction == .ingress ? "inbound" : "outbound"
        case .interface(let pattern): "interface " + quoted(pattern)
        case .present(let field): "has \(field.name)"
        case .compare(let comparison): text(comparison)
        case .addressField(let field, let prefixes, let negated):
            field.name + list(prefixes.map(\.description), negated)
        case .macField(let field, let addresses, let negated): field.name + list(addresses.map(\.description), negated)
        case .bytes(let access): text(access)
        }
    }

    private static func text(_ side: Side) -> String {
        switch side {
        case .source: "src "
        case .destination: "dst "
        case .either: ""
        case .both: "src and dst "
        }
    }

    private static func etherType(_ type: UInt16) -> String {
        switch type {
        case EtherType.ipv4: "ip"
        case EtherType.ipv6: "ip6"
        case EtherType.arp: "arp"
        case EtherType.rarp: "rarp"
        default: "ether proto 0x" + String(type, radix: 16)
        }
    }

    private static func ipProtocol(_ number: UInt8, _ version: IPAddress.Version?) -> String {
        switch (number, version) {
        case (IPProtocol.icmp, .v4): "icmp"
        case (IPProtocol.icmpv6, .v6): "icmp6"
        case (IPProtocol.tcp, nil): "tcp"
        case (IPProtocol.udp, nil): "udp"
        case (IPProtocol.sctp, nil): "sctp"
        case (_, nil): "proto \(number)"
        case (_, .v4): "ip proto \(number)"
        case (_, .v6): "ip6 proto \(number)"
        }
    }

    private static func ports(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1 ? "port \(range.lowerBound)" : "portrange \(range.lowerBound)-\(range.upperBound)"
    }

    /// Always in quotes: a pattern may read like a keyword.
    private static func quoted(_ text: String) -> String {
        text.contains("\"") ? "'\(text)'" : "\"\(text)\""
    }

    private static func list(_ values: [String], _ negated: Bool) -> String {
        if values.count == 1 { return (negated ? " != " : " = ") + values[0] }
        return " in {" + values.joined(separator: ", ") + "}"
    }

    private static func text(_ comparison: Comparison) -> String {
        let mask = comparison.mask.map { " & \($0)" } ?? ""
        let values = comparison.values.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        let right = comparison.relation == .in ? "{" + values.joined(separator: ", ") + "}" : values[0]
        return "\(comparison.field.name)\(mask) \(comparison.relation.rawValue) \(right)"
    }

    private static func text(_ access: ByteAccess) -> String {
        let size = access.size == 1 ? "" : ":\(access.size)"
        let mask = access.mask.map { " & \($0)" } ?? ""
        return "\(access.layer.rawValue)[\(access.offset)\(size)]\(mask) \(access.relation.rawValue) \(access.value)"
    }
}
