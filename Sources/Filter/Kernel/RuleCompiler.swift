import CHdrlog
import Records

/// Generates the code of `RuleProgram`: r6 holds the context, r7 the facts, r1 to r3 are scratch.
struct RuleCompiler {
    var assembler = BPFAssembler()
    private let interfaces: [UInt32: String]
    private let hook: RuleProgram.Hook
    /// Behind the last rule's code.
    private let goOn: BPFAssembler.Label
    private let pass: BPFAssembler.Label

    static let context: UInt8 = 6
    static let facts: UInt8 = 7

    init(interfaces: [UInt32: String], hook: RuleProgram.Hook) {
        self.interfaces = interfaces
        self.hook = hook
        goOn = assembler.label()
        pass = assembler.label()
        begin()
    }

    /// Looks the facts up; the answer is "no rule" until one matches.
    private mutating func begin() {
        assembler.emit(.move(Self.context, from: 1))
        assembler.emit(.store(.word, 0, to: 10, -4))
        assembler.emit(.move(2, from: 10))
        assembler.emit(.add(2, -4))
        assembler.emit(map: .facts, in: 1)
        assembler.emit(.call(1))  // bpf_map_lookup_elem
        assembler.emit(BPFInstruction(code: 0x15), to: pass)  // if r0 == 0
        assembler.emit(.move(Self.facts, from: 0))
        assembler.emit(.store(.byte, Int32(HDRLOG_RULE_NONE.rawValue), to: Self.facts, Facts.action))
    }

    mutating func add(_ rule: Rule, index: Int) throws(RuleError) {
        let program: CompiledFilter
        do throws(FilterError) {
            program = CompiledFilter(try KernelForm.rewrite(rule.match), interfaces: interfaces)
        } catch {
            throw RuleError(rule: index, reason: error)
        }
        let next = assembler.label()
        let matched = assembler.label()
        emit(program, accept: matched, reject: next)
        assembler.place(matched)
        answer(rule.action, index)
        assembler.jump(to: goOn)
        assembler.place(next)
    }

    private mutating func answer(_ action: Rule.Action, _ index: Int) {
        let number: hdrlog_rule_action =
            switch action {
            case .ignore: HDRLOG_RULE_IGNORE
            case .count: HDRLOG_RULE_COUNT
            case .sample: HDRLOG_RULE_SAMPLE
            }
        assembler.emit(.store(.byte, Int32(number.rawValue), to: Self.facts, Facts.action))
        assembler.emit(.store(.half, Int32(index), to: Self.facts, Facts.rule))
        if case .sample(let rate) = action {
            assembler.emit(.store(.word, Int32(bitPattern: max(1, rate)), to: Self.facts, Facts.rate))
        }
    }

    /// The steps in an order in which every jump goes forward, those that cannot be reached left out: the verifier
    /// refuses dead code.
    private mutating func emit(
        _ program: CompiledFilter, accept: BPFAssembler.Label, reject: BPFAssembler.Label
    ) {
        var labels: [Int32: BPFAssembler.Label] = [CompiledFilter.accept: accept, CompiledFilter.reject: reject]
        var reachable: Set<Int32> = []
        var pending = [program.start]
        while let at = pending.popLast() {
            guard at >= 0, reachable.insert(at).inserted else { continue }
            pending += [program.steps[Int(at)].ifTrue, program.steps[Int(at)].ifFalse]
        }
        // A step's targets were emitted before it, so descending order goes forward.
        let order = reachable.sorted(by: >)
        for at in order { labels[at] = assembler.label() }
        for at in order {
            let step = program.steps[Int(at)]
            assembler.place(labels[at]!)
            let (yes, no) = (labels[step.ifTrue]!, labels[step.ifFalse]!)
            emit(step.test, yes: step.negated ? no : yes, no: step.negated ? yes : no)
        }
        if order.isEmpty { assembler.jump(to: labels[program.start]!) }
    }

    /// The tail call that goes on with the answer.
    mutating func finish() {
        assembler.place(goOn)
        assembler.emit(.move(1, from: Self.context))
        assembler.emit(map: .programs, in: 2)
        assembler.emit(.move(3, Int32(HDRLOG_FINISH)))
        assembler.emit(.call(12))  // bpf_tail_call
        assembler.place(pass)
        assembler.emit(.move(0, hook.passVerdict))
        assembler.emit(.exit)
    }
}
