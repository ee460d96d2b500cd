internal import CLibBPF
internal import Glibc

/// A program that was made from instructions instead of an object file.
public struct GeneratedProgram: ~Copyable, Sendable {
    /// The kind of program that calls it: both must agree.
    public enum Kind: Sendable {
        /// For XDP programs that take frames in fragments.
        case xdpFrags
        case classifier
    }

    private let descriptor: Descriptor

    /// - Parameters:
    ///   - instructions: in the kernel's encoding, map descriptors included.
    ///   - interface: the only one that it can be put on then, as native XDP; what its driver knows of a frame beside
    ///     the bytes can be asked for. 0 for a program that is not bound.
    /// - Throws: `BPFError` with what the verifier said; a driver that tells nothing is EOPNOTSUPP.
    public init(_ kind: Kind, instructions: [UInt64], name: String = "hdrlog_rules", boundTo interface: UInt32 = 0)
        throws(BPFError)
    {
        let type = kind == .xdpFrags ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS
        let attach = kind == .xdpFrags ? BPF_XDP : bpf_attach_type(rawValue: 0)
        // BPF_F_XDP_HAS_FRAGS, BPF_F_XDP_DEV_BOUND_ONLY
        let flags: UInt32 = (kind == .xdpFrags ? 1 << 5 : 0) | (interface != 0 ? 1 << 6 : 0)
        var log = [CChar](repeating: 0, count: 1 << 16)
        let loaded = instructions.withUnsafeBytes { code in
            let first = code.baseAddress?.assumingMemoryBound(to: bpf_insn.self)
            return hdrlog_program_load(
                name, type, attach, flags, interface, first, instructions.count, &log, UInt32(log.count))
        }
        guard loaded >= 0 else {
            let said = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw BPFError("load \(name)", loaded, detail: said)
        }
        descriptor = Descriptor(loaded)
        self.name = name
    }

    private let name: String

    /// For links; valid as long as this lives.
    public var program: Program { Program(descriptor: number, name: name) }

    var number: Int32 { descriptor.number }
}
