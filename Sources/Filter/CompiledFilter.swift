public import Records

/// A filter expression compiled to a flat program: no allocation, no closure, no existential while it runs.
///
/// The program is a list of tests, each with the place to go on at when it holds and when it does not. Negation
/// lies at the tests only, so that answers about a flow or a block come from the same program: a test that cannot be
/// answered is taken once as true (upper bound) and once as false (lower bound).
public struct CompiledFilter: Sendable {
    /// One test of the program.
    struct Step: Sendable {
        var test: Test
        /// The test's answer is turned round.
        var negated: Bool
        /// Index of the next step, or `accept` or `reject`.
        var ifTrue: Int32
        var ifFalse: Int32
    }

    static let accept: Int32 = -1
    static let reject: Int32 = -2

    let steps: [Step]
    /// Where to begin; `accept` or `reject` for a constant.
    let start: Int32
    /// What was compiled, and with which names.
    public let expression: FilterExpression
    let interfaces: [UInt32: String]

    /// Compiles an expression.
    /// - Parameter interfaces: names of the interface indexes that records may carry. Without them no record
    ///   matches an interface pattern.
    public init(_ expression: FilterExpression, interfaces: [UInt32: String] = [:]) {
        self.expression = expression
        self.interfaces = interfaces
        var compiler = FilterCompiler(interfaces: interfaces)
        start = compiler.emit(expression.root, negated: false, ifTrue: Self.accept, ifFalse: Self.reject)
        steps = compiler.steps
    }

    /// The same predicate for records with other interface names (another block, after a rename).
    public func bound(to interfaces: [UInt32: String]) -> CompiledFilter {
        usesInterfaceNames ? CompiledFilter(expression, interfaces: interfaces) : self
    }

    /// Whether the expression names interfaces, so that `bound(to:)` makes a difference.
    public var usesInterfaceNames: Bool { expression.root.contains { $0.isInterfaceTest } }

    /// True of everything.
    public var isAlwaysTrue: Bool { start == Self.accept }

    /// Whether a record is selected.
    public func matches(_ record: HeaderRecord, _ layout: HeaderLayout) -> Bool {
        var at = start
        while at >= 0 {
            let step = steps[Int(at)]
            at = step.test.holds(record, layout) != step.negated ? step.ifTrue : step.ifFalse
        }
        return at == Self.accept
    }

    /// Whether all, none or some of a flow's records are selected.
    public func verdict(for flow: FlowKey) -> Verdict { verdict { $0.verdict(for: flow) } }

    /// Whether any record of a block may be selected, going by its summary.
    public func mayMatch(_ block: some BlockSummary) -> Bool { reaches(.depends) { $0.verdict(for: block) } }

    private func verdict(_ answer: (Test) -> Verdict) -> Verdict {
        guard reaches(.yes, answer) else { return .no }
        return reaches(.no, answer) ? .yes : .depends
    }

    /// Runs the program with unanswered tests taken as false if `unknown` is `.no`, else as true.
    private func reaches(_ unknown: Verdict, _ answer: (Test) -> Verdict) -> Bool {
        var at = start
        while at >= 0 {
            let step = steps[Int(at)]
            let holds: Bool =
                switch answer(step.test) {
                case .yes: !step.negated
                case .no: step.negated
                case .depends: unknown != .no
                }
            at = holds ? step.ifTrue : step.ifFalse
        }
        return at == Self.accept
    }
}
