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

    /// Takes over a link that another process made.
    /// - Throws: `BPFError` when the descriptor is none of a link, ENODEV when its interface has gone.
    public init(adopting descriptor: Int32) throws(BPFError) {
        self.descriptor = Descriptor(descriptor)
        guard try information().xdp.ifindex != 0 else { throw BPFError("adopt a link", ENODEV) }
    }

    /// Puts another program in the place of the one that runs: each packet meets one of the two.
    public func update(_ program: Program) throws(BPFError) {
        let result = bpf_link_update(descriptor.number, program.descriptor, nil)
        guard result == 0 else { throw BPFError("replace \(program.name)", result) }
    }

    /// Takes the program off at once, whoever else holds the link.
    public func detach() { _ = bpf_link_detach(descriptor.number) }  // fails only when the interface has gone

    /// Its descriptor, for somebody who keeps the link beyond this process.
    public var reference: Int32 { descriptor.number }

    /// The kernel's number of the link, which no other gets.
    public var identifier: UInt32 { (try? information().id) ?? 0 }

    /// XDP and tcx links have their interface at the same place.
    private func information() throws(BPFError) -> bpf_link_info {
        var information = bpf_link_info()
        var length = UInt32(MemoryLayout<bpf_link_info>.size)
        let result = bpf_obj_get_info_by_fd(descriptor.number, &information, &length)
        guard result == 0 else { throw BPFError("look at a link", result) }
        return information
    }

    /// BPF_TCX_INGRESS and BPF_TCX_EGRESS, which are younger than libbpf 1.1's headers.
    private static let tcxIngress: UInt32 = 46
    private static let tcxEgress: UInt32 = 47
}
