internal import Records

/// An interface that is counted, from when programs are put on it until everything that they counted is added up.
final class LoggedInterface: @unchecked Sendable {
    var device: Device
    let slot: UInt16
    private(set) var hooks: AttachedHooks
    private var attached: AttachedInterface?
    /// The generation in which the programs were taken off: the last one that counts anything here.
    private(set) var lastGeneration: UInt64?

    init(_ device: Device, slot: UInt16, _ attached: AttachedInterface) {
        (self.device, self.slot) = (device, slot)
        hooks = attached.hooks
        self.attached = attached
    }

    /// Where it counts in the tables, in bank 0.
    func slot(_ direction: Direction) -> Int { Int(slot) + Int(direction.rawValue) }

    var isAttached: Bool { lastGeneration == nil }

    /// Programs sit on it again.
    func attach(_ device: Device, _ again: AttachedInterface) {
        self.device = device
        hooks = again.hooks
        attached = again
        lastGeneration = nil
    }

    /// - Parameter generation: told when no program counts here any more.
    func detach(generation: () -> UInt64) {
        guard attached != nil else { return }
        attached?.detach()
        attached = nil
        lastGeneration = generation()
    }

    /// Lets go of the programs, which stay if somebody keeps their links.
    /// - Parameter keepsFilters: leaves filters, which nobody needs to keep, where they are.
    func letGo(keepsFilters: Bool) {
        if keepsFilters { attached?.leave() }
        attached = nil
    }

    var keepsakes: [Keepsake] {
        attached?.keepsakes(interface: device.index) ?? []
    }
}
