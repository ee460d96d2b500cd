internal import BPF
internal import Glibc
internal import Records

/// Where an interface's programs sit, for people.
public struct AttachedHooks: Equatable, Sendable {
    /// Of received frames; nil when they are not logged.
    public var ingress: HookPlace?
    /// Of sent frames, which only tc sees; nil when they are not logged.
    public var egress: HookPlace?
    /// Why this place and no other.
    public var reason: String

    var directions: [Direction] { (ingress != nil ? [.ingress] : []) + (egress != nil ? [.egress] : []) }
}

/// Our programs on an interface; they go when this goes, unless somebody keeps their links.
final class AttachedInterface: @unchecked Sendable {
    let hooks: AttachedHooks
    private var attachments: Attachments?

    /// - Parameter inherited: what an earlier process left on the interface. It stays where it sits in the right place,
    ///   with the new programs; what is in a wrong place goes once the new ones run.
    init(
        _ programs: borrowing Object, _ device: Device, _ choice: HookChoice, _ directions: Set<Direction>,
        _ inherited: [InheritedLink]
    ) throws(BPFError) {
        var hooks = AttachedHooks(ingress: nil, egress: nil, reason: "configured")
        let ingress: Attachment?
        let egress: Attachment?
        if directions.contains(.ingress) {
            ingress = try Self.receive(programs, device, choice, inherited.first { $0.direction == .ingress }, &hooks)
        } else {
            ingress = nil
        }
        if directions.contains(.egress) {
            let place: HookPlace = choice == .clsact ? .clsact : .tc
            let attachment = try Self.attach(
                programs, device, HookPlan.Step(place: place), .egress,
                inherited.first { $0.direction == .egress })
            hooks.egress = attachment.isClassifier ? .clsact : .tc
            egress = consume attachment
        } else {
            egress = nil
        }
        self.hooks = hooks
        attachments = Attachments(ingress: ingress, egress: egress)
        for link in inherited { link.take()?.detach() }
        Self.removeFilters(device.index, but: hooks)
    }

    /// Filters of ours that an earlier process left, where none belongs.
    static func removeFilters(_ interface: UInt32, but hooks: AttachedHooks? = nil) {
        for direction in Direction.allCases
        where (direction == .ingress ? hooks?.ingress : hooks?.egress) != .clsact {
            ClassifierFilter.remove(interface: interface, direction: direction.point)
        }
    }

    /// Tries the plan's steps in order; the reason tells why one was passed over.
    private static func receive(
        _ programs: borrowing Object, _ device: Device, _ choice: HookChoice, _ inherited: InheritedLink?,
        _ hooks: inout AttachedHooks
    ) throws(BPFError) -> Attachment {
        let plan = HookPlan(choice, for: device)
        hooks.reason = plan.reason
        var steps = plan.steps[...]
        if let inherited, inherited.place.isXDP {
            // Two XDP programs exclude each other, so this one stays now or goes first.
            if let same = steps.firstIndex(where: { $0.place == inherited.place }) {
                steps = steps[same...]
            } else {
                inherited.take()?.detach()
            }
        }
        return try attach(programs, device, steps, inherited, &hooks)
    }

    private static func attach(
        _ programs: borrowing Object, _ device: Device, _ steps: ArraySlice<HookPlan.Step>,
        _ inherited: InheritedLink?, _ hooks: inout AttachedHooks
    ) throws(BPFError) -> Attachment {
        var failed = BPFError("attach", ENODEV)
        // Another program's slot is left alone, whatever its mode is.
        for step in steps where failed.number != EBUSY || !step.place.isXDP {
            do {
                let attachment = try attach(programs, device, step, .ingress, inherited)
                hooks.ingress = attachment.isClassifier ? .clsact : step.place
                return attachment
            } catch {
                guard error.number != ENODEV else { throw error }
                failed = error
                hooks.reason += HookPlan.remark(on: step, isTaken: error.number == EBUSY, number: error.number)
            }
        }
        throw failed
    }

    private static func attach(
        _ programs: borrowing Object, _ device: Device, _ step: HookPlan.Step, _ direction: Direction,
        _ inherited: InheritedLink?
    ) throws(BPFError) -> Attachment {
        if step.asksForTags {
            let asking = try StrippedTags.program(programs, for: device)
            defer { extendLifetime(asking) }
            return try attach(programs, device, step.place, direction, inherited, asking.program)
        }
        return try attach(programs, device, step.place, direction, inherited, nil)
    }

    /// - Parameter own: the interface's own program; nil for the one that all have.
    private static func attach(
        _ programs: borrowing Object, _ device: Device, _ place: HookPlace, _ direction: Direction,
        _ inherited: InheritedLink?, _ own: Program?
    ) throws(BPFError) -> Attachment {
        if let inherited, inherited.place == place, let adopted = try Attachment.adopt(programs, inherited, own) {
            return adopted
        }
        switch place {
        case .tc: return try .tc(programs, device, direction)
        case .clsact: return try .classifier(programs, device, direction)
        case .nativeXDP, .genericXDP:
            let isNative = place == .nativeXDP
            if let own { return try .xdp(own, device, native: isNative) }
            return try .xdp(try programs.program("hdrlog_xdp"), device, native: isNative)
        }
    }

    func keepsakes(interface: UInt32) -> [Keepsake] {
        switch attachments {
        case .some(let attachments): attachments.keepsakes(interface: interface, hooks)
        case .none: []
        }
    }

    /// Takes the programs off at once, even if somebody keeps the links.
    func detach() {
        switch attachments.take() {
        case .some(let attachments): attachments.detach()
        case .none: break
        }
    }

    /// Lets go of the programs: links that somebody keeps stay, and so do filters.
    func leave() {
        guard var leaving = attachments.take() else { return }
        leaving.leave()
    }
}

/// A class cannot look into its own noncopyable optionals, so these are in a structure.
private struct Attachments: ~Copyable, Sendable {
    var ingress: Attachment?
    var egress: Attachment?

    func keepsakes(interface: UInt32, _ hooks: AttachedHooks) -> [Keepsake] {
        var found: [Keepsake?] = []
        switch ingress {
        case .some(let attachment):
            found.append(attachment.keepsake(interface: interface, .ingress, hooks.ingress ?? .tc))
        case .none: break
        }
        switch egress {
        case .some(let attachment): found.append(attachment.keepsake(interface: interface, .egress, .tc))
        case .none: break
        }
        return found.compactMap { $0 }
    }

    func detach() {
        switch ingress {
        case .some(let attachment): attachment.detach()
        case .none: break
        }
        switch egress {
        case .some(let attachment): attachment.detach()
        case .none: break
        }
    }

    mutating func leave() {
        if let attachment = ingress.take() { attachment.leave() }
        if let attachment = egress.take() { attachment.leave() }
    }
}
