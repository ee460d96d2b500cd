internal import CLibBPF
internal import Glibc

/// A program on the clsact queueing discipline, for kernels without tcx.
///
/// A filter outlives its process: `deinit` removes it, `leave` does not, and `init` puts the program in the place of what
/// an earlier process left under the same handle, so that each packet meets one of the two.
public struct ClassifierFilter: ~Copyable, Sendable {
    private let interface: Int32
    private let point: bpf_tc_attach_point

    public enum Direction: Sendable { case ingress, egress }

    /// Ours, as handle and as priority, so that we find it again: "hd".
    private static let handle: UInt32 = 0x6864

    public init(_ program: Program, interface: UInt32, direction: Direction) throws(BPFError) {
        self.interface = Int32(interface)
        point = direction == .ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS
        let result = hdrlog_tc_attach(self.interface, point, Self.handle, program.descriptor)
        guard result == 0 else { throw BPFError("attach \(program.name)", result) }
    }

    /// Leaves it where it is, for the process that follows.
    public consuming func leave() { discard self }

    /// Removes a filter of ours that any process put there, and the queueing discipline if nothing else is on it.
    /// - Returns: whether there was one.
    @discardableResult
    public static func remove(interface: UInt32, direction: Direction) -> Bool {
        let point = direction == .ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS
        return hdrlog_tc_detach(Int32(interface), point, handle) == 0
    }

    deinit { _ = hdrlog_tc_detach(interface, point, Self.handle) }
}
