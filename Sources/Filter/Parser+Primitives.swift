import Records

extension Parser {
    /// One phrase: a keyword with its value, a comparison, a byte access, or a bare value.
    mutating func primitive() throws(FilterError) -> FilterNode {
        guard current.kind == .word else { throw unexpected("a filter word such as host, port, tcp or ttl") }
        if let field = comparedField { return try comparison(of: field) }
        if peek().isSymbol("["), !current.isQuoted { return .primitive(try byteAccess()) }
        switch current.keyword {
        case "src", "dst", "host", "net", "port", "portrange", "proto", "ether", "ip", "ip6", "arp", "rarp", "tcp",
            "udp",
            "sctp":
            return try qualified()
        case "vlan": return .primitive(.vlan(try vlanIdentifier()))
        case "inbound", "in": return constant(.direction(.ingress))
        case "outbound", "out": return constant(.direction(.egress))
        case "interface", "on", "ifname", "iface", "dev": return .primitive(.interface(try interfacePattern()))
        case "less", "greater": return try lengthLimit()
        case "broadcast": return constant(.mac(MACAddress(0xFFFF_FFFF_FFFF), .destination))
        case "multicast": return constant(.multicast)
        case "has": return try presence()
        case "icmp": return constant(.ipProtocol(IPProtocol.icmp, version: .v4))
        case "icmp6", "icmpv6": return constant(.ipProtocol(IPProtocol.icmpv6, version: .v6))
        default: return try otherWord()
        }
    }

    /// The field, if the current word names one and is followed by a relation or mask.
    private var comparedField: Field? {
        let next = peek()
        let isCompared =
            next.keyword == "in"
            || next.kind == .symbol && ["=", "!=", "<", "<=", ">", ">=", "&"].contains(next.text)
        return isCompared && !current.isQuoted ? Field(named: current.text) : nil
    }

    private mutating func constant(_ primitive: Primitive) -> FilterNode {
        take()
        return .primitive(primitive)
    }

    private mutating func vlanIdentifier() throws(FilterError) -> UInt16? {
        take()
        guard current.kind == .word, current.text.first?.isNumber == true else { return nil }
        return UInt16(try number(upTo: 4095, "a VLAN ID (0–4095)"))
    }

    private mutating func interfacePattern() throws(FilterError) -> String {
        take()
        guard current.kind == .word, !current.text.isEmpty else { throw unexpected("an interface name or pattern") }
        return take().text
    }

    /// `less N` is `len <= N`, `greater N` is `len >= N`.
    private mutating func lengthLimit() throws(FilterError) -> FilterNode {
        let relation: Relation = take().keyword == "less" ? .lessOrEqual : .greaterOrEqual
        let value = try number(upTo: UInt64(UInt32.max), "a length in bytes")
        return .primitive(
            .compare(Comparison(field: .frameLength, mask: nil, relation: relation, values: [value...value])))
    }

    private mutating func presence() throws(FilterError) -> FilterNode {
        take()
        guard let field = Field(named: current.text), current.kind == .word else {
            throw unexpected("a field name", hint: Words.hint(for: current.text, among: Words.fields))
        }
        take()
        return .primitive(.present(field))
    }

    /// Words that are no keywords: fields by themselves, names of types and protocols, values of a qualifier before.
    private mutating func otherWord() throws(FilterError) -> FilterNode {
        if let field = Field(named: current.keyword) { return try bareField(field) }
        if let number = IPProtocol.number(named: current.keyword) {
            return constant(.ipProtocol(number, version: nil))
        }
        if let type = EtherType.type(named: current.keyword) { return constant(.etherType(type)) }
        if let prefix = IPPrefix(current.text) {
            if implied?.kind == .host || implied?.kind == .net { return try value(implied!) }
            return constant(.address(prefix, .either, .any))
        }
        if let implied, !Words.isNear(current.keyword) { return try value(implied) }
        if let reason = Words.unsupported[current.keyword] { throw unexpected("a filter word", hint: reason) }
        throw unexpected("a filter word", hint: Words.hint(for: current.text, among: Words.all))
    }

    /// `dontFragment` by itself is true, `malformed` is any reason, another field is there.
    private mutating func bareField(_ field: Field) throws(FilterError) -> FilterNode {
        guard field != .time else { throw timeIsNoFilter() }
        take()
        switch field {
        case _ where field.type == .boolean:
            return .primitive(.compare(Comparison(field: field, mask: nil, relation: .equal, values: [1...1])))
        case .malformed:
            return .primitive(.compare(Comparison(field: field, mask: nil, relation: .notEqual, values: [0...0])))
        default: return .primitive(.present(field))
        }
    }

    func timeIsNoFilter() -> FilterError {
        unexpected("a field other than time", hint: "use --since and --until for the time range")
    }
}
