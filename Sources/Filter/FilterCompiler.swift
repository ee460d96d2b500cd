import Records

/// Turns the tree into the program of a `CompiledFilter`.
struct FilterCompiler {
    private(set) var steps: [CompiledFilter.Step] = []
    private let interfaces: [UInt32: String]

    init(interfaces: [UInt32: String]) { self.interfaces = interfaces }

    /// Emits a node's steps.
    /// - Returns: where evaluation of the node begins.
    mutating func emit(_ node: FilterNode, negated: Bool, ifTrue: Int32, ifFalse: Int32) -> Int32 {
        switch node {
        case .all: return negated ? ifFalse : ifTrue
        case .not(let inner): return emit(inner, negated: !negated, ifTrue: ifTrue, ifFalse: ifFalse)
        case .and(let parts): return emit(parts, isAnd: !negated, negated, ifTrue, ifFalse)
        case .or(let parts): return emit(parts, isAnd: negated, negated, ifTrue, ifFalse)
        case .primitive(let primitive):
            return emit(tests(of: primitive), negated: negated, ifTrue: ifTrue, ifFalse: ifFalse)
        }
    }

    /// Parts from the last to the first, since each has to know where the next one begins.
    private mutating func emit(
        _ parts: [FilterNode], isAnd: Bool, _ negated: Bool, _ ifTrue: Int32, _ ifFalse: Int32
    ) -> Int32 {
        var next = isAnd ? ifTrue : ifFalse
        for part in parts.reversed() {
            next =
                isAnd
                ? emit(part, negated: negated, ifTrue: next, ifFalse: ifFalse)
                : emit(part, negated: negated, ifTrue: ifTrue, ifFalse: next)
        }
        return next
    }

    /// One of the tests has to hold; none at all is false.
    private mutating func emit(_ tests: [Test], negated: Bool, ifTrue: Int32, ifFalse: Int32) -> Int32 {
        var next = negated ? ifTrue : ifFalse
        for test in tests.reversed() {
            let step =
                negated
                ? CompiledFilter.Step(test: test, negated: true, ifTrue: next, ifFalse: ifFalse)
                : CompiledFilter.Step(test: test, negated: false, ifTrue: ifTrue, ifFalse: next)
            steps.append(step)
            next = Int32(steps.count - 1)
        }
        return next
    }

    /// The tests of which one has to hold.
    private func tests(of primitive: Primitive) -> [Test] {
        switch primitive {
        case .etherType(let type): [.etherType(type)]
        case .ipProtocol(let number, let version): [.ipProtocol(number, version: version?.rawValue ?? 0)]
        case .address(let prefix, let side, let scope): [.address(AddressBlock(prefix), side, scope)]
        case .ports(let range, let side, let transport):
            [.ports(range.lowerBound, range.upperBound, side, transport: transport ?? 0)]
        case .mac(let address, let side): [.mac(address.value, side)]
        case .multicast: [.multicast]
        case .vlan(let identifier): [identifier.map { .tag($0) } ?? .tagged]
        case .direction(let direction): [.direction(direction)]
        case .interface(let pattern):
            interfaces.filter { Glob.matches($0.value, pattern) }.keys.sorted().map { .interface($0) }
        case .present(let field): [.present(field)]
        case .compare(let comparison): tests(of: comparison)
        case .addressField(let field, let prefixes, let negated):
            prefixes.map { .addressField(field, AddressBlock($0), outside: negated) }
        case .macField(let field, let addresses, let negated):
            addresses.map { .macField(field, $0.value, outside: negated) }
        case .bytes(let access): tests(of: access)
        }
    }

    private func tests(of comparison: Comparison) -> [Test] {
        comparison.values.compactMap { value in
            NumberRange(comparison.relation, value, mask: comparison.mask).map { .number(comparison.field, $0) }
        }
    }

    private func tests(of access: ByteAccess) -> [Test] {
        guard let range = NumberRange(access.relation, access.value...access.value, mask: access.mask) else {
            return []
        }
        return [.bytes(access.layer, offset: access.offset, size: access.size, range)]
    }
}

/// Patterns as shells know them: `*` any characters, `?` one.
enum Glob {
    static func matches(_ text: String, _ pattern: String) -> Bool {
        matches(Array(text.utf8)[...], Array(pattern.utf8)[...])
    }

    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (text, pattern) = (text, pattern)
        var retry: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (text, pattern)
            } else if let head = text.first, let wanted = pattern.first, wanted == head || wanted == UInt8(ascii: "?") {
                (text, pattern) = (text.dropFirst(), pattern.dropFirst())
            } else if text.isEmpty, pattern.isEmpty {
                return true
            } else if let last = retry, !last.text.isEmpty {
                // The star takes one character more.
                retry = (last.text.dropFirst(), last.pattern)
                (text, pattern) = (last.text.dropFirst(), last.pattern)
            } else {
                return false
            }
        }
    }
}
