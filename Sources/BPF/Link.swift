internal import CLibBPF
internal import Glibc

/// A program on an interface. Closing the last descriptor of a link detaches the program, a crash included.
///
/// bpf_link_create(2).
public struct Link: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Where a program can be linked to.
    public enum Place: Sendable {
        case nativeXDP, genericXDP
        /// tcx, Linux 6.6 and later.
        case ingress, egress
    }

    /// - Throws: `BPFError`: EBUSY when another program holds the XDP slot, EOPNOTSUPP or EINVAL when driver or kernel
    ///   cannot, ENODEV when the interface is gone.
    public init(_ program: Program, interface: UInt32, place: Place) throws(BPFError) {
        let (type, flags): (UInt32, UInt32) =
            switch place {
            case .nativeXDP: (BPF_XDP.rawValue, UInt32(XDP_FLAGS_DRV_MODE))
            case .genericXDP: (BPF_XDP.rawValue, UInt32(XDP_FLAGS_SKB_MODE))
            case .ingress: (Self.tcxIngress, 0)
            case .egress: (Self.tcxEgress, 0)
            }
        let result = hdrlog_link_create(
            program.descriptor, Int32(interface), bpf_attach_type(rawValue: type), flags)
        guard result >= 0 else { throw BPFError("attach \(program.name)", result) }
        descriptor = Descriptor(result)
    }

    /// BPF_TCX_INGRESS and BPF_TCX_EGRESS, which are younger than libbpf 1.1's headers.
    private static let tcxIngress: UInt32 = 46
    private static let tcxEgress: UInt32 = 47
}
