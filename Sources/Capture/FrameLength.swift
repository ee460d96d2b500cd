internal import BPF
internal import CHdrlog
internal import Glibc

/// How the XDP program finds out how long a frame is: see `length_of` in bpf/hdrlog.bpf.c.
enum FrameLength {
    /// Has the program look for itself whether a frame lies in several pieces, instead of asking each time. Before `load`.
    /// - Throws: `BPFError` when the kernel does not say where that stands, as before Linux 6.2 or without its BTF.
    static func look(_ programs: borrowing Object) throws(BPFError) {
        let name = "hdrlog_xdp"
        let kernel = try KernelTypes()
        let cast = try kernel.function("bpf_cast_to_kern_ctx")
        let offset = try kernel.offset(of: "flags", in: "xdp_buff")
        var code = MarkedCode(try programs.instructions(of: name))
        guard code.replace(HDRLOG_LOOKS_NOT, with: HDRLOG_LOOKS), code.call(cast, at: HDRLOG_CAST_CALL),
            code.replace(HDRLOG_FLAGS_OFFSET, with: offset)
        else { throw BPFError("find the marks in \(name)", ENOEXEC) }
        try programs.setInstructions(of: name, to: code.instructions)
    }
}
