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
final class AttachedInterface: Sendable {
    let hooks: AttachedHooks
    private let attachments: Attachments

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
            egress = try Self.attach(programs, device, .tc, .egress, inherited.first { $0.direction == .egress })
            hooks.egress = .tc
        } else {
            egress = nil
        }
        self.hooks = hooks
        attachments = Attachments(ingress: ingress, egress: egress)
        for link in inherited { link.take()?.detach() }
    }

    /// Tries the plan's places in order; the reason tells why one was passed over.
    private static func receive(
        _ programs: borrowing Object, _ device: Device, _ choice: HookChoice, _ inherited: InheritedLink?,
        _ hooks: inout AttachedHooks
    ) throws(BPFError) -> Attachment {
        let plan = HookPlan(choice, for: device)
        hooks.reason = plan.reason
        var places = plan.places[...]
        if let inherited, inherited.place != .tc {
            // Two XDP programs exclude each other, so this one stays now or goes first.
            if let same = places.firstIndex(of: inherited.place) {
                places = places[same...]
            } else {
                inherited.take()?.detach()
            }
        }
        return try attach(programs, device, places, inherited, &hooks)
    }

    private static func attach(
        _ programs: borrowing Object, _ device: Device, _ places: ArraySlice<HookPlace>, _ inherited: InheritedLink?,
        _ hooks: inout AttachedHooks
    ) throws(BPFError) -> Attachment {
        var failed = BPFError("attach", ENODEV)
        // Another program's slot is left alone, whatever its mode is.
        for place in places where failed.number != EBUSY || place == .tc {
            do {
                let attachment = try attach(programs, device, place, .ingress, inherited)
                hooks.ingress = place
                return attachment
            } catch {
                guard error.number != ENODEV else { throw error }
                failed = error
                let why = error.number == EBUSY ? "taken by another program" : "refused (\(error.number))"
                hooks.reason += "; \(place.rawValue) is \(why)"
            }
        }
        throw failed
    }

    private static func attach(
        _ programs: borrowing Object, _ device: Device, _ place: HookPlace, _ direction: Direction,
        _ inherited: InheritedLink?
    ) throws(BPFError) -> Attachment {
        if let inherited, inherited.place == place, let adopted = try Attachment.adopt(programs, inherited) {
            return adopted
        }
        switch place {
        case .tc: return try .tc(programs, device, direction)
        case .nativeXDP, .genericXDP: return try .xdp(programs, device, native: place == .nativeXDP)
        }
    }

    func keepsakes(interface: UInt32) -> [Keepsake] { attachments.keepsakes(interface: interface, hooks) }

    /// Takes the programs off at once, even if somebody keeps the links.
    func detach() { attachments.detach() }
}

/// A class cannot look into its own noncopyable optionals, so these are in a structure.
private struct Attachments: ~Copyable, Sendable {
    let ingress: Attachment?
    let egress: Attachment?

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
}
