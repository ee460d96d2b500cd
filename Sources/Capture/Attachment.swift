internal import BPF
internal import Glibc
internal import Records

/// A program on one interface in one direction; it goes when this goes, unless somebody keeps its link.
enum Attachment: ~Copyable, Sendable {
    case link(Link)
    case classifier(ClassifierFilter)

    /// tcx where the kernel has it, since a link goes with its process; clsact before Linux 6.6.
    static func tc(_ programs: borrowing Object, _ device: Device, _ direction: Direction) throws(BPFError)
        -> Attachment
    {
        let program = try programs.program(direction == .ingress ? "hdrlog_ingress" : "hdrlog_egress")
        do {
            return .link(try Link(program, interface: device.index, place: direction == .ingress ? .ingress : .egress))
        } catch  where error.number == EINVAL || error.number == EOPNOTSUPP {
            let point: ClassifierFilter.Direction = direction == .ingress ? .ingress : .egress
            return .classifier(try ClassifierFilter(program, interface: device.index, direction: point))
        }
    }

    static func xdp(_ programs: borrowing Object, _ device: Device, native: Bool) throws(BPFError) -> Attachment {
        let place: Link.Place = native ? .nativeXDP : .genericXDP
        return .link(try Link(try programs.program("hdrlog_xdp"), interface: device.index, place: place))
    }

    /// Puts the program in the place of the one that an earlier process left there.
    /// - Returns: nil when somebody has taken the link already.
    static func adopt(_ programs: borrowing Object, _ inherited: InheritedLink) throws(BPFError) -> Attachment? {
        let name =
            inherited.place != .tc
            ? "hdrlog_xdp" : inherited.direction == .ingress ? "hdrlog_ingress" : "hdrlog_egress"
        guard let link = inherited.take() else { return nil }
        try link.update(try programs.program(name))
        return .link(link)
    }

    /// nil for a filter, which needs nobody to keep it.
    func keepsake(interface: UInt32, _ direction: Direction, _ place: HookPlace) -> Keepsake? {
        switch self {
        case .link(let link): link.keepsake(interface: interface, direction, place)
        case .classifier: nil
        }
    }

    /// Takes the program off at once, even if somebody keeps the link.
    func detach() {
        switch self {
        case .link(let link): link.detach()
        case .classifier: break  // goes with its owner
        }
    }
}
