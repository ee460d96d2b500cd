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
}

/// An interface with our programs on it; they go when this goes.
final class AttachedInterface: Sendable {
    let device: Device
    let slot: UInt16
    let hooks: AttachedHooks
    private let ingress: Attachment?
    private let egress: Attachment?

    var directions: [Direction] {
        (hooks.ingress != nil ? [.ingress] : []) + (hooks.egress != nil ? [.egress] : [])
    }

    init(
        _ programs: borrowing Object, _ device: Device, _ choice: HookChoice, _ directions: Set<Direction>, slot: UInt16
    ) throws(BPFError) {
        self.device = device
        self.slot = slot
        var hooks = AttachedHooks(ingress: nil, egress: nil, reason: "configured")
        if directions.contains(.ingress) {
            ingress = try Self.receive(programs, device, choice, &hooks)
        } else {
            ingress = nil
        }
        if directions.contains(.egress) {
            egress = try .tc(programs, device, .egress)
            hooks.egress = .tc
        } else {
            egress = nil
        }
        self.hooks = hooks
    }

    /// Tries the plan's places in order; the reason tells why one was passed over.
    private static func receive(
        _ programs: borrowing Object, _ device: Device, _ choice: HookChoice, _ hooks: inout AttachedHooks
    ) throws(BPFError) -> Attachment {
        let plan = HookPlan(choice, for: device)
        hooks.reason = plan.reason
        for place in plan.places.dropLast() {
            do {
                let attachment = try Attachment.xdp(programs, device, native: place == .nativeXDP)
                hooks.ingress = place
                return attachment
            } catch {
                guard error.number != ENODEV else { throw error }
                let why = error.number == EBUSY ? "taken by another program" : "refused (\(error.number))"
                hooks.reason += "; \(place.rawValue) is \(why)"
                // Another program's slot is left alone, whatever its mode is.
                if error.number == EBUSY { break }
            }
        }
        let attachment: Attachment
        if let last = plan.places.last, last != .tc {
            attachment = try .xdp(programs, device, native: last == .nativeXDP)
            hooks.ingress = last
        } else {
            attachment = try .tc(programs, device, .ingress)
            hooks.ingress = .tc
        }
        return attachment
    }
}
