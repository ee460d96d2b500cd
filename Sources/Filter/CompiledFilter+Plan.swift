public import Records

/// What a store needs to know of a filter to run it on columns: which part is settled by flows, which fields the rest
/// reads, and whether the rest is simple enough for a loop over a column.
extension CompiledFilter {
    /// The filter as a conjunction of two: one that a `FlowKey` with everything known always settles, and one for
    /// the records of the flows that pass. Either may be true of everything.
    public var split: (flow: CompiledFilter, rest: CompiledFilter) {
        var flow = FilterNode.all
        var rest = FilterNode.all
        for part in expression.root.conjuncts {
            if part.isSettledByFlow { flow = .joined(flow, and: part) } else { rest = .joined(rest, and: part) }
        }
        return (
            CompiledFilter(FilterExpression(root: flow), interfaces: interfaces),
            CompiledFilter(FilterExpression(root: rest), interfaces: interfaces)
        )
    }

    /// The fields that deciding may read, in the catalogue's order.
    public var fields: [Field] {
        let needed = Set(expression.root.primitives.flatMap(\.fields))
        return Field.allCases.filter(needed.contains)
    }

    /// Whether deciding may read header bytes that are not a field's (`ip[6:2]`).
    public var needsHeaderBytes: Bool {
        expression.root.contains { if case .bytes = $0 { true } else { false } }
    }

    /// The filter as comparisons of integer and boolean fields that all have to hold; nil when it is more than that.
    /// A record without the field fails.
    public var conjunction: [FieldTest]? {
        var tests: [FieldTest] = []
        for part in expression.root.conjuncts {
            guard case .primitive(.compare(let comparison)) = part, comparison.field.type != .list,
                comparison.values.count == 1,
                let range = NumberRange(comparison.relation, comparison.values[0], mask: comparison.mask)
            else { return nil }
            tests.append(FieldTest(field: comparison.field, range: range))
        }
        return tests
    }
}

/// A comparison of one integer or boolean field with constants, for loops over a column.
public struct FieldTest: Sendable, Equatable {
    public let field: Field
    /// The value is masked with this first.
    public let mask: UInt64
    /// The masked value has to lie within these bounds …
    public let bounds: ClosedRange<UInt64>
    /// … or, with `!=`, outside of them.
    public let outside: Bool

    init(field: Field, range: NumberRange) {
        self.field = field
        mask = range.mask
        bounds = range.low...range.high
        outside = range.outside
    }

    @inlinable @inline(__always)
    public func holds(_ value: UInt64) -> Bool { bounds.contains(value & mask) != outside }
}

extension FilterNode {
    /// The parts that all have to hold.
    fileprivate var conjuncts: [FilterNode] {
        switch self {
        case .all: []
        case .and(let parts): parts
        default: [self]
        }
    }

    var primitives: [Primitive] {
        switch self {
        case .all: []
        case .primitive(let primitive): [primitive]
        case .not(let node): node.primitives
        case .and(let nodes), .or(let nodes): nodes.flatMap(\.primitives)
        }
    }

    fileprivate var isSettledByFlow: Bool { primitives.allSatisfy(\.isSettledByFlow) }
}

extension Primitive {
    fileprivate var isSettledByFlow: Bool {
        let fields: [Field] = [.sourcePort, .destinationPort, .protocol, .ipVersion, .vlan, .innerVlan]
        return switch self {
        case .etherType, .address, .ports, .vlan, .direction, .interface: true
        case .ipProtocol(let number, let version): version == .v4 || !IPProtocol.isExtension(number)
        case .present(let field): fields.contains(field) || field == .source || field == .destination
        case .compare(let comparison): fields.contains(comparison.field)
        case .addressField(let field, _, _): field == .source || field == .destination
        case .mac, .multicast, .macField, .bytes: false
        }
    }

    /// The fields whose values decide it.
    fileprivate var fields: [Field] {
        switch self {
        case .etherType: [.etherType, .ipVersion]
        case .ipProtocol(let number, _):
            [.ipVersion, .protocol] + (IPProtocol.isExtension(number) ? [.extensionHeaders] : [])
        case .address(_, _, let scope):
            [.source, .destination]
                + (scope == .ip || scope == .ip6 ? [] : [.etherType, .arpSenderAddress, .arpTargetAddress])
        case .ports: [.protocol, .sourcePort, .destinationPort]
        case .mac(_, let side): (side == .destination ? [] : [.sourceMac]) + (side == .source ? [] : [.destinationMac])
        case .multicast: [.destinationMac]
        case .vlan: [.vlanCount, .vlan, .innerVlan]
        case .direction: [.direction]
        case .interface: [.interface]
        case .present(let field), .addressField(let field, _, _), .macField(let field, _, _): [field]
        case .compare(let comparison): [comparison.field]
        case .bytes: []
        }
    }
}

extension CompiledFilter {
    /// Whether addresses or ports matter to what is said of a flow.
    public var usesEnds: Bool {
        steps.contains { step in
            switch step.test {
            case .address, .ports, .addressField, .number(.sourcePort, _), .number(.destinationPort, _): true
            default: false
            }
        }
    }
}
