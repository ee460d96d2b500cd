import CHdrlog
import Records

/// Rules as a BPF program: see bpf/include/hdrlog_rules.h for how it is called and what it reads and writes.
public struct RuleProgram: Sendable, Equatable {
    /// The maps that the program refers to.
    public enum Map: Sendable, Equatable {
        /// The per-CPU array whose entry begins with `hdrlog_facts`.
        case facts
        /// The program array with the program that goes on.
        case programs
    }

    /// Where the program runs.
    public enum Hook: Sendable, Equatable {
        case xdp, tc

        /// What lets the frame pass when nothing goes on: XDP_PASS, or TC_ACT_UNSPEC (which is also TCX_NEXT).
        var passVerdict: Int32 { self == .xdp ? 2 : -1 }
    }

    /// Instructions in the kernel's encoding (`struct bpf_insn`), map descriptors not yet in.
    private let code: [BPFInstruction]
    private let maps: [BPFAssembler.MapReference]

    public var count: Int { code.count }

    /// Compiles rules; the first that matches decides.
    /// - Parameter interfaces: names of the interface indexes, for rules with interface patterns.
    public init(_ rules: [Rule], for hook: Hook, interfaces: [UInt32: String] = [:]) throws(RuleError) {
        var compiler = RuleCompiler(interfaces: interfaces, hook: hook)
        guard rules.count <= Int(HDRLOG_MAX_RULES) else {
            throw RuleError(
                rule: Int(HDRLOG_MAX_RULES),
                reason: FilterError(column: 1, found: "one more rule", expected: "at most \(HDRLOG_MAX_RULES) rules"))
        }
        for (index, rule) in rules.enumerated() { try compiler.add(rule, index: index) }
        compiler.finish()
        guard let (code, maps) = compiler.assembler.resolved() else {
            let reason = FilterError(
                column: 1, found: "more than the kernel takes", expected: "fewer or simpler rules",
                hint: "\(compiler.assembler.instructions.count) instructions")
            throw RuleError(rule: max(0, rules.count - 1), reason: reason)
        }
        self.code = code
        self.maps = maps
    }

    /// The program as the kernel reads it, with the descriptors of its maps.
    public func instructions(descriptor: (Map) -> Int32) -> [UInt64] {
        var code = code
        for reference in maps { code[reference.instruction].immediate = descriptor(reference.map) }
        return code.map(\.encoded)
    }
}
