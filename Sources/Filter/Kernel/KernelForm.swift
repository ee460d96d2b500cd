import Records

/// Checks that the kernel side can evaluate an expression, and rewrites what it knows under another name.
enum KernelForm {
    /// - Throws: the first phrase that needs more than `hdrlog_facts`, with its column.
    static func rewrite(_ expression: FilterExpression) throws(FilterError) -> FilterExpression {
        var columns = expression.columns.makeIterator()
        let root = try rewrite(expression.root) { columns.next() ?? 1 }
        return FilterExpression(root: root)
    }

    private static func rewrite(_ node: FilterNode, _ column: () -> Int) throws(FilterError) -> FilterNode {
        switch node {
        case .all: return .all
        case .not(let inner): return .not(try rewrite(inner, column))
        case .and(let parts): return .and(try rewrite(parts, column))
        case .or(let parts): return .or(try rewrite(parts, column))
        case .primitive(let primitive):
            let column = column()
            if let known = rewrite(primitive) { return known }
            throw FilterError(
                column: column, found: FilterExpression(root: node).description,
                expected: "something that the kernel can evaluate in a rule", hint: hint(primitive))
        }
    }

    private static func rewrite(_ parts: [FilterNode], _ column: () -> Int) throws(FilterError) -> [FilterNode] {
        var all: [FilterNode] = []
        for part in parts { all.append(try rewrite(part, column)) }
        return all
    }

    /// The primitive in the kernel's terms; nil when it has none.
    private static func rewrite(_ primitive: Primitive) -> FilterNode? {
        switch primitive {
        case .etherType, .address, .ports, .mac, .multicast, .vlan, .direction, .interface: return .primitive(primitive)
        case .ipProtocol(let number, let version):
            // Whether an IPv6 packet has an extension header is not among the facts.
            return version == .v4 || !IPProtocol.isExtension(number) ? .primitive(primitive) : nil
        case .compare(let comparison): return isKnown(comparison.field) ? .primitive(primitive) : nil
        case .present(let field):
            let others: [Field] = [.sourceMac, .destinationMac, .source, .destination, .interface, .direction]
            return isKnown(field) || others.contains(field) ? .primitive(primitive) : nil
        case .addressField(let field, _, _):
            return [.source, .destination, .arpSenderAddress, .arpTargetAddress].contains(field)
                ? .primitive(primitive) : nil
        case .macField(let field, _, _):
            return field == .sourceMac || field == .destinationMac ? .primitive(primitive) : nil
        case .bytes(let access): return rewrite(access)
        }
    }

    private static func isKnown(_ field: Field) -> Bool {
        field == .ipVersion || field == .etherType || FactsField(field) != nil
    }

    /// Byte accesses that are a field: `tcp[13]`, `ip[8]`, `icmp[0]` …
    private static func rewrite(_ access: ByteAccess) -> FilterNode? {
        let (field, version): (Field, UInt64?)
        switch (access.layer, access.offset, access.size) {
        case (.tcp, 13, 1): (field, version) = (.tcpFlags, nil)
        case (.tcp, 14, 2): (field, version) = (.window, nil)
        case (.ip, 8, 1): (field, version) = (.ttl, 4)
        case (.ip, 9, 1): (field, version) = (.protocol, 4)
        case (.ip6, 7, 1): (field, version) = (.ttl, 6)
        case (.icmp, 0, 1): (field, version) = (.icmpType, 4)
        case (.icmp, 1, 1): (field, version) = (.icmpCode, 4)
        case (.icmp6, 0, 1): (field, version) = (.icmpType, 6)
        case (.icmp6, 1, 1): (field, version) = (.icmpCode, 6)
        default: return nil
        }
        // tcp[13] is the lower eight of the twelve flags.
        let mask = field == .tcpFlags ? (access.mask ?? 0xFF) & 0xFF : access.mask
        let value = access.value...access.value
        let node = FilterNode.primitive(
            .compare(Comparison(field: field, mask: mask, relation: access.relation, values: [value])))
        guard let version else { return node }
        let isVersion = Comparison(field: .ipVersion, mask: nil, relation: .equal, values: [version...version])
        return .and([.primitive(.compare(isVersion)), node])
    }

    private static func hint(_ primitive: Primitive) -> String {
        switch primitive {
        case .ipProtocol(let number, _): "extension headers are not seen by rules; write ip proto \(number)"
        case .compare(let comparison): "rules know no \(comparison.field.name); queries do"
        case .present(let field): "rules know no \(field.name); queries do"
        case .addressField(let field, _, _), .macField(let field, _, _): "rules know no \(field.name); queries do"
        case .bytes: "of bytes, rules know tcp[13], tcp[14:2], ip[8], ip[9], ip6[7], icmp[0] and icmp[1]"
        default: ""
        }
    }
}
