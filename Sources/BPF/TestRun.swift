internal import CLibBPF
internal import Glibc

/// Runs a loaded XDP program on one frame many times and takes the time. bpf(2), BPF_PROG_TEST_RUN.
///
/// The frame stays in place between the runs, so that a program can change it for the next one.
public struct TestRun: ~Copyable {
    private let frame: [UInt8]
    private let interface: UInt32

    /// - Parameters:
    ///   - frame: from L2 on.
    ///   - interface: on which the frame arrives, in this thread's network namespace.
    public init(frame: [UInt8], interface: UInt32) {
        self.frame = frame
        self.interface = interface
    }

    /// - Returns: the mean time of a run, in nanoseconds, the kernel's own loop included.
    /// - Throws: `BPFError` when the kernel does not run it.
    public func nanoseconds(_ program: Program, repetitions: Int) throws(BPFError) -> Double {
        try run(program.descriptor, repetitions)
    }

    /// Likewise, of a generated program.
    public func nanoseconds(_ program: borrowing GeneratedProgram, repetitions: Int) throws(BPFError) -> Double {
        try run(program.number, repetitions)
    }

    private func run(_ program: Int32, _ repetitions: Int) throws(BPFError) -> Double {
        var context = xdp_md()
        context.data_end = UInt32(frame.count)
        context.ingress_ifindex = interface
        let outcome = frame.withUnsafeBytes { bytes in
            withUnsafeBytes(of: &context) { context in
                var options = bpf_test_run_opts()
                options.sz = MemoryLayout<bpf_test_run_opts>.size
                options.data_in = bytes.baseAddress
                options.data_size_in = UInt32(bytes.count)
                options.ctx_in = context.baseAddress
                options.ctx_size_in = UInt32(context.count)
                options.repeat = Int32(repetitions)
                return (result: bpf_prog_test_run_opts(program, &options), duration: options.duration)
            }
        }
        guard outcome.result == 0 else { throw BPFError("run a program on a frame", outcome.result) }
        return Double(outcome.duration)
    }
}
