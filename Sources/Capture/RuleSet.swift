internal import BPF
internal import CHdrlog
internal import Filter

/// The program arrays through which the hooks' programs reach the rules of a bank, and get back.
struct RuleSet: Sendable {
    /// The maps, which lose their programs when nobody holds a descriptor of them.
    static let names = ["xdp_rules", "xdp_finish", "tc_rules", "tc_finish"]

    private struct Arrays: Sendable {
        let kind: GeneratedProgram.Kind
        let hook: RuleProgram.Hook
        let rules: Map
        let finish: Map
    }

    private let hooks: [Arrays]
    private let facts: Map

    init(_ programs: borrowing Object) throws(BPFError) {
        facts = try programs.map("packets")
        hooks = [
            Arrays(
                kind: .xdpFrags, hook: .xdp, rules: try programs.map("xdp_rules"),
                finish: try programs.map("xdp_finish")),
            Arrays(
                kind: .classifier, hook: .tc, rules: try programs.map("tc_rules"),
                finish: try programs.map("tc_finish")),
        ]
        try hooks[0].finish.write(UInt32(HDRLOG_FINISH), try programs.program("hdrlog_xdp_finish"))
        try hooks[1].finish.write(UInt32(HDRLOG_FINISH), try programs.program("hdrlog_tc_finish"))
    }

    /// Compiles rules and has the kernel verify them.
    /// - Throws: `CaptureError.rules` when the kernel cannot evaluate one.
    func load(_ rules: [Rule], interfaces: [UInt32: String]) throws(CaptureError) -> LoadedRules {
        do {
            return LoadedRules(
                xdp: try load(rules, interfaces, hooks[0]), classifier: try load(rules, interfaces, hooks[1]))
        } catch let error as RuleError {
            throw .rules(error)
        } catch let error as BPFError {
            throw CaptureError(error)
        } catch {
            fatalError("neither a rule nor the kernel: \(error)")
        }
    }

    private func load(_ rules: [Rule], _ interfaces: [UInt32: String], _ arrays: Arrays) throws -> GeneratedProgram {
        let code = try RuleProgram(rules, for: arrays.hook, interfaces: interfaces)
        return try GeneratedProgram(
            arrays.kind,
            instructions: code.instructions { $0 == .facts ? facts.reference : arrays.finish.reference })
    }

    /// Puts loaded rules into a bank that no program reads.
    func install(_ rules: LoadedRules, bank: Int) throws(BPFError) {
        try hooks[0].rules.write(UInt32(bank), rules.xdp)
        try hooks[1].rules.write(UInt32(bank), rules.classifier)
    }
}

/// The same rules for each kind of hook, in the kernel as long as this lives or a bank holds them.
final class LoadedRules: Sendable {
    let xdp: GeneratedProgram
    let classifier: GeneratedProgram

    init(xdp: consuming GeneratedProgram, classifier: consuming GeneratedProgram) {
        self.xdp = xdp
        self.classifier = classifier
    }
}
