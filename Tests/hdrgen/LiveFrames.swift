internal import CLibBPF
internal import Glibc

/// A generator inside the kernel: BPF_PROG_TEST_RUN with live frames hands one frame, exactly so many times, to an XDP
/// program of a few instructions that sends it out of an interface. One core makes 6–7 million frames a second.
///
/// A veth interface passes them on only if its peer has a native XDP program or GRO switched on; otherwise the kernel
/// refuses the redirect and counts nothing.
struct LiveFrames: ~Copyable {
    private let program: Int32

    /// Frames that are handed over together. A veth queue holds 256; larger batches overflow it now and then.
    private static let batch: UInt32 = 64

    /// - Parameters:
    ///   - interface: index of the interface that frames leave by, in the network namespace of this process.
    ///   - flows: over which UDP source ports the frames are spread.
    /// - Throws: `KernelError` of bpf(2), BPF_PROG_LOAD.
    init(interface: UInt32, flows: Flows) throws(KernelError) {
        let instructions = [Instruction].sender(interface: interface, flows: flows).map(\.encoded)
        let loaded = instructions.withUnsafeBytes {
            bpf_prog_load(
                BPF_PROG_TYPE_XDP, "hdrgen", "GPL", $0.baseAddress?.assumingMemoryBound(to: bpf_insn.self),
                instructions.count, nil)
        }
        guard loaded >= 0 else { throw KernelError(operation: "load the program", number: -loaded) }
        program = loaded
    }

    deinit { close(program) }

    /// Sends a frame `count` times; returns when all have left.
    /// - Throws: `KernelError` of bpf(2), BPF_PROG_TEST_RUN: EPERM, or EINVAL for a frame that is too long or too short.
    func send(_ frame: [UInt8], count: Int) throws(KernelError) {
        var left = count
        while left > 0 {
            // The kernel's counter is 32 bits wide.
            let repetitions = min(left, 1 << 30)
            let result = Self.run(program, frame, Int32(repetitions))
            guard result == 0 else { throw KernelError(operation: "send frames", number: -result) }
            left -= repetitions
        }
    }

    private static func run(_ program: Int32, _ frame: [UInt8], _ repetitions: Int32) -> Int32 {
        var context = xdp_md()
        context.data_end = UInt32(frame.count)
        return frame.withUnsafeBytes { bytes in
            withUnsafePointer(to: &context) { context in
                var options = bpf_test_run_opts()
                options.sz = MemoryLayout<bpf_test_run_opts>.size
                options.data_in = bytes.baseAddress.map { UnsafeRawPointer($0) }
                options.data_size_in = UInt32(bytes.count)
                options.ctx_in = UnsafeRawPointer(context)
                options.ctx_size_in = UInt32(MemoryLayout<xdp_md>.size)
                options.repeat = repetitions
                options.flags = UInt32(BPF_F_TEST_XDP_LIVE_FRAMES)
                options.batch_size = batch
                return bpf_prog_test_run_opts(program, &options)
            }
        }
    }
}

/// What the kernel refused, and why.
struct KernelError: Error, CustomStringConvertible {
    let operation: String
    /// errno.
    let number: Int32

    var description: String { "cannot \(operation): \(String(cString: strerror(number)))" }
}
