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
        let program = try programs.program(direction.program)
        do {
            return .link(try Link(program, interface: device.index, place: direction == .ingress ? .ingress : .egress))
        } catch  where error.number == EINVAL || error.number == EOPNOTSUPP {
            return try classifier(programs, device, direction)
        }
    }

    /// On clsact, in the place of a filter that an earlier process left there.
    static func classifier(_ programs: borrowing Object, _ device: Device, _ direction: Direction) throws(BPFError)
        -> Attachment
    {
        let program = try programs.program(direction.program)
        return .classifier(try ClassifierFilter(program, interface: device.index, direction: direction.point))
    }

    static func xdp(_ program: Program, _ device: Device, native: Bool) throws(BPFError) -> Attachment {
        .link(try Link(program, interface: device.index, place: native ? .nativeXDP : .genericXDP))
    }

    /// Puts the program in the place of the one that an earlier process left there.
    /// - Parameter own: the interface's own program; nil for the one that all have.
    /// - Returns: nil when somebody has taken the link already.
    static func adopt(_ programs: borrowing Object, _ inherited: InheritedLink, _ own: Program?) throws(BPFError)
        -> Attachment?
    {
        let name = inherited.place != .tc ? "hdrlog_xdp" : inherited.direction.program
        guard let link = inherited.take() else { return nil }
        if let own {
            try link.update(own)
        } else {
            try link.update(try programs.program(name))
        }
        return .link(link)
    }

    var isClassifier: Bool {
        switch self {
        case .link: false
        case .classifier: true
        }
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

    /// Lets go of the program; a filter stays, as a link does that somebody keeps.
    consuming func leave() {
        switch consume self {
        case .link: break
        case .classifier(let filter): filter.leave()
        }
    }
}

extension Direction {
    /// Of the tc hooks.
    fileprivate var program: String { self == .ingress ? "hdrlog_ingress" : "hdrlog_egress" }

    var point: ClassifierFilter.Direction { self == .ingress ? .ingress : .egress }
}
