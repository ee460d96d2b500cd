import CHdrlog
import CLibBPF
import Filter
import Glibc
import Records

/// Generated rules in the running kernel: loads a program with its maps, sets the facts, runs it, reads the answer.
final class KernelRunner {
    struct Refused: Error, CustomStringConvertible {
        var description: String
    }

    private var descriptors: [Int32] = []
    private let facts: Int32
    private let program: Int32
    private static let cpus = Int(libbpf_num_possible_cpus())
    private static let size = MemoryLayout<hdrlog_facts>.size

    /// The verdict of the program that is tail-called, so that a test sees that it was.
    static let finished: UInt32 = 3

    static var isPossible: Bool {
        geteuid() == 0 && (try? KernelRunner(try RuleProgram([], for: .xdp), .xdp)) != nil
    }

    init(_ rules: RuleProgram, _ hook: RuleProgram.Hook) throws {
        facts = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "facts", 4, UInt32(Self.size), 1, nil)
        descriptors.append(facts)
        let programs = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "programs", 4, 4, 1, nil)
        descriptors.append(programs)
        guard facts >= 0, programs >= 0 else { throw Refused(description: "maps: errno \(errno)") }
        let type = hook == .xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS
        let facts = facts
        program = try Self.load(rules.instructions { $0 == .facts ? facts : programs }, type)
        descriptors.append(program)
        // r0 = 3; exit
        var finish = try Self.load([0xB7 | UInt64(Self.finished) << 32, 0x95], type)
        descriptors.append(finish)
        var slot: UInt32 = 0
        guard bpf_map_update_elem(programs, &slot, &finish, 0) == 0 else {
            throw Refused(description: "program array: errno \(errno)")
        }
    }

    deinit { for descriptor in descriptors where descriptor >= 0 { close(descriptor) } }

    private static func load(_ code: [UInt64], _ type: bpf_prog_type) throws -> Int32 {
        var log = [CChar](repeating: 0, count: 1 << 20)
        return try log.withUnsafeMutableBufferPointer { log in
            var options = bpf_prog_load_opts()
            options.sz = MemoryLayout<bpf_prog_load_opts>.size
            options.log_buf = log.baseAddress
            options.log_size = UInt32(log.count)
            options.log_level = 4
            let descriptor = code.withUnsafeBytes {
                bpf_prog_load(
                    type, "rules", "GPL", $0.baseAddress!.assumingMemoryBound(to: bpf_insn.self), code.count, &options)
            }
            guard descriptor >= 0 else {
                throw Refused(description: "errno \(errno): " + String(cString: log.baseAddress!))
            }
            return descriptor
        }
    }

    /// Runs the program once on these facts.
    /// - Returns: the facts with the answer, and the verdict.
    func run(_ given: hdrlog_facts) throws -> (facts: hdrlog_facts, verdict: UInt32) {
        var given = given
        // An action that no rule gives, to tell the CPU that ran the program from the others.
        given.action = 0xEE
        // Each CPU's value takes a multiple of eight bytes.
        let stride = (Self.size + 7) & ~7
        var all = [UInt8](repeating: 0, count: stride * Self.cpus)
        for cpu in 0..<Self.cpus {
            withUnsafeBytes(of: given) { all.replaceSubrange((cpu * stride)..<(cpu * stride + Self.size), with: $0) }
        }
        var slot: UInt32 = 0
        guard bpf_map_update_elem(facts, &slot, &all, 0) == 0 else { throw Refused(description: "errno \(errno)") }
        let verdict = try execute(1).verdict
        guard bpf_map_lookup_elem(facts, &slot, &all) == 0 else { throw Refused(description: "errno \(errno)") }
        let answers = all.withUnsafeBytes { bytes in
            (0..<Self.cpus).map { bytes.loadUnaligned(fromByteOffset: $0 * stride, as: hdrlog_facts.self) }
        }
        guard let answer = answers.first(where: { $0.action != 0xEE }) else { throw Refused(description: "no answer") }
        return (answer, verdict)
    }

    /// Runs the program many times on the facts in place.
    /// - Returns: the last verdict and the mean time in nanoseconds.
    func execute(_ repetitions: Int32) throws -> (verdict: UInt32, nanoseconds: UInt32) {
        var frame = [UInt8](repeating: 0, count: 64)
        var options = bpf_test_run_opts()
        options.sz = MemoryLayout<bpf_test_run_opts>.size
        options.data_size_in = 64
        options.`repeat` = repetitions
        let result = frame.withUnsafeMutableBytes {
            options.data_in = UnsafeRawPointer($0.baseAddress!)
            return bpf_prog_test_run_opts(program, &options)
        }
        guard result == 0 else { throw Refused(description: "test run: errno \(errno)") }
        return (options.retval, options.duration)
    }
}
