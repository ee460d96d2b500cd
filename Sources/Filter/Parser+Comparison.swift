import Records

extension Parser {
    /// `FIELD [& MASK] RELATION VALUE`; the current token is the field's name.
    mutating func comparison(of field: Field) throws(FilterError) -> FilterNode {
        guard field != .time else { throw timeIsNoFilter() }
        let name = take()
        switch field.type {
        case .address: return try addressComparison(field)
        case .mac: return try macComparison(field)
        case .interface: return try interfaceComparison()
        case .direction: return try directionComparison()
        case .bytes:
            throw unexpected(
                "a field that can be compared", hint: "\"has \(field.name)\" asks whether it is there", at: name)
        case .integer, .boolean, .list, .time: return try numberComparison(field)
        }
    }

    /// `=`, `!=`, `<` … or `in`.
    mutating func relation(_ allowed: [Relation] = Relation.allCases) throws(FilterError) -> Relation {
        let text = current.kind == .symbol ? current.text : current.keyword
        guard let relation = Relation(rawValue: text), allowed.contains(relation) else {
            throw unexpected(allowed.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        }
        take()
        return relation
    }

    /// One value, or with `in` also several in braces.
    private mutating func list<Value>(
        _ relation: Relation, _ element: (inout Parser) throws(FilterError) -> Value
    ) throws(FilterError) -> [Value] {
        guard relation == .in, take(symbol: "{") else { return [try element(&self)] }
        var all = [try element(&self)]
        while take(symbol: ",") { all.append(try element(&self)) }
        try expect(symbol: "}", " or \",\"")
        return all
    }

    private mutating func numberComparison(_ field: Field) throws(FilterError) -> FilterNode {
        var mask: UInt64?
        if take(symbol: "&") { mask = try symbolicValue(field, allowsList: true) }
        let relation = try relation()
        let values = try list(relation) { (parser) throws(FilterError) in
            relation == .in ? try parser.symbolicRange(field) : try parser.singleValue(field, isMasked: mask != nil)
        }
        return .primitive(.compare(Comparison(field: field, mask: mask, relation: relation, values: values)))
    }

    private mutating func singleValue(_ field: Field, isMasked: Bool) throws(FilterError) -> ClosedRange<UInt64> {
        let value = try symbolicValue(field, allowsList: field == .tcpFlags)
        return value...value
    }

    /// `LOW-HIGH`, or one value.
    private mutating func symbolicRange(_ field: Field) throws(FilterError) -> ClosedRange<UInt64> {
        let text = current.text
        if current.kind == .word, !current.isQuoted, let dash = text.firstIndex(of: "-"),
            let low = Symbols.value(String(text[..<dash]), of: field),
            let high = Symbols.value(String(text[text.index(after: dash)...]), of: field), low <= high
        {
            take()
            return low...high
        }
        let value = try symbolicValue(field, allowsList: false)
        return value...value
    }

    /// A number or a name that the field knows; with `allowsList` also `(syn|ack)`, `syn|ack`.
    private mutating func symbolicValue(_ field: Field, allowsList: Bool) throws(FilterError) -> UInt64 {
        if allowsList, take(symbol: "(") {
            let value = try symbolicValue(field, allowsList: true)
            try expect(symbol: ")", " or \"|\"")
            return value
        }
        var value = try symbol(field)
        while allowsList, take(symbol: "|") { value |= try symbol(field) }
        return value
    }

    private mutating func symbol(_ field: Field) throws(FilterError) -> UInt64 {
        guard current.kind == .word, let value = Symbols.value(current.text, of: field) else {
            let names = Symbols.names(of: field)
            throw unexpected(Symbols.expectation(of: field), hint: Words.hint(for: current.text, among: names))
        }
        guard value <= field.maximum else {
            throw unexpected("at most \(field.maximum) for \(field.name)")
        }
        take()
        return value
    }

    private mutating func addressComparison(_ field: Field) throws(FilterError) -> FilterNode {
        let relation = try relation([.equal, .notEqual, .in])
        let prefixes = try list(relation) { (parser) throws(FilterError) in
            guard parser.current.kind == .word,
                let prefix = IPPrefix(parser.current.text) ?? Parser.shortNetWithLength(parser.current.text)
            else { throw parser.unexpected("an IP address or a network such as 10.0.0.0/8") }
            parser.take()
            return prefix
        }
        return .primitive(.addressField(field, prefixes, negated: relation == .notEqual))
    }

    /// `10/8` yes, `10` no: a lone number beside an address field is a mistake.
    private static func shortNetWithLength(_ text: String) -> IPPrefix? {
        text.contains("/") ? shortNet(text) : nil
    }

    private mutating func macComparison(_ field: Field) throws(FilterError) -> FilterNode {
        let relation = try relation([.equal, .notEqual, .in])
        let addresses = try list(relation) { (parser) throws(FilterError) in
            guard parser.current.kind == .word, let address = MACAddress(parser.current.text) else {
                throw parser.unexpected("an Ethernet address such as 02:00:5e:10:00:01")
            }
            parser.take()
            return address
        }
        return .primitive(.macField(field, addresses, negated: relation == .notEqual))
    }

    private mutating func interfaceComparison() throws(FilterError) -> FilterNode {
        let relation = try relation([.equal, .notEqual, .in])
        let names = try list(relation) { (parser) throws(FilterError) in
            guard parser.current.kind == .word, !parser.current.text.isEmpty else {
                throw parser.unexpected("an interface name or pattern")
            }
            return parser.take().text
        }
        return Self.alternatives(names.map { .interface($0) }, negated: relation == .notEqual)
    }

    private mutating func directionComparison() throws(FilterError) -> FilterNode {
        let relation = try relation([.equal, .notEqual])
        guard let direction = Direction(named: current.keyword) else { throw unexpected("\"in\" or \"out\"") }
        take()
        return Self.alternatives([.direction(direction)], negated: relation == .notEqual)
    }

    static func alternatives(_ all: [Primitive], negated: Bool) -> FilterNode {
        let nodes = all.map { FilterNode.primitive($0) }
        let node = nodes.count == 1 ? nodes[0] : FilterNode.or(nodes)
        return negated ? .not(node) : node
    }
}
