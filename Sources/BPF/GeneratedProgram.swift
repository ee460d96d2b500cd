internal import CLibBPF
internal import Glibc

/// A program that was made from instructions instead of an object file, to be tail-called.
public struct GeneratedProgram: ~Copyable, Sendable {
    /// The kind of program that calls it: both must agree.
    public enum Kind: Sendable {
        /// For XDP programs that take frames in fragments.
        case xdpFrags
        case classifier
    }

    private let descriptor: Descriptor

    /// - Parameter instructions: in the kernel's encoding, map descriptors included.
    /// - Throws: `BPFError` with what the verifier said.
    public init(_ kind: Kind, instructions: [UInt64]) throws(BPFError) {
        let type = kind == .xdpFrags ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS
        let attach = kind == .xdpFrags ? BPF_XDP : bpf_attach_type(rawValue: 0)
        let flags: UInt32 = kind == .xdpFrags ? 1 << 5 : 0  // BPF_F_XDP_HAS_FRAGS
        var log = [CChar](repeating: 0, count: 1 << 16)
        let loaded = instructions.withUnsafeBytes { code in
            let first = code.baseAddress?.assumingMemoryBound(to: bpf_insn.self)
            return hdrlog_program_load(type, attach, flags, first, instructions.count, &log, UInt32(log.count))
        }
        guard loaded >= 0 else {
            let said = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw BPFError("load the rules", loaded, detail: said)
        }
        descriptor = Descriptor(loaded)
    }

    var number: Int32 { descriptor.number }
}
