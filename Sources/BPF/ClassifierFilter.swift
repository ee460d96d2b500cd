internal import CLibBPF
internal import Glibc

/// A program on the clsact queueing discipline, for kernels without tcx.
///
/// A filter outlives its process; `deinit` removes it, and `init` replaces what a killed process left under the same
/// handle. bpf_tc_hook_create, bpf_tc_attach.
public struct ClassifierFilter: ~Copyable, Sendable {
    private let interface: Int32
    private let direction: UInt32

    public enum Direction: Sendable { case ingress, egress }

    /// Ours, so that we find it again: "hd".
    private static let handle: UInt32 = 0x6864
    private static let priority: UInt32 = 0x6864

    public init(_ program: Program, interface: UInt32, direction: Direction) throws(BPFError) {
        let point = direction == .ingress ? BPF_TC_INGRESS.rawValue : BPF_TC_EGRESS.rawValue
        var hook = Self.hook(Int32(interface), point)
        let made = bpf_tc_hook_create(&hook)
        guard made == 0 || made == -EEXIST else { throw BPFError("add a clsact queueing discipline", made) }
        var options = Self.options()
        options.prog_fd = program.descriptor
        options.flags = BPF_TC_F_REPLACE.rawValue
        let result = bpf_tc_attach(&hook, &options)
        guard result == 0 else { throw BPFError("attach \(program.name)", result) }
        self.interface = Int32(interface)
        self.direction = point
    }

    deinit {
        var hook = Self.hook(interface, direction)
        var options = Self.options()
        bpf_tc_detach(&hook, &options)
    }

    private static func hook(_ interface: Int32, _ direction: UInt32) -> bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = MemoryLayout<bpf_tc_hook>.size
        hook.ifindex = interface
        hook.attach_point = bpf_tc_attach_point(rawValue: direction)
        return hook
    }

    private static func options() -> bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = MemoryLayout<bpf_tc_opts>.size
        options.handle = handle
        options.priority = priority
        return options
    }
}
