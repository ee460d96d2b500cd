internal import BPF
internal import CHdrlog
internal import CLinux
public import Records
internal import Synchronization

extension Capture {
    /// Puts the programs on an interface, or in the place of those that an earlier process left on it.
    /// - Returns: where they sit now and why.
    /// - Throws: `CaptureError` when no place is left or the interface is gone; nothing stays attached then.
    @discardableResult
    public func attach(_ device: Device, hook: HookChoice, directions: Set<Direction>) throws(CaptureError)
        -> AttachedHooks
    {
        guard let linkType = device.linkType else { throw .unsupportedLinkLayer(device.name) }
        let inherited = inheritance.claimLinks(of: device.index)
        let leaving = state.withLock { $0.interfaces[device.index] }
        guard let slot = leaving?.slot ?? takeSlot(of: device.index) else { throw .tooManyInterfaces }
        do {
            if leaving == nil { try begin(device.index, slot) }
            tables.counters.setPort(device.index, slot: slot, linkType: linkType)
            tables.rings.setSlot(slot, of: device.index)
            let attached = try AttachedInterface(programs, device, hook, directions, inherited)
            let hooks = attached.hooks
            if let leaving {
                state.withLock { _ in leaving.attach(device, attached) }
            } else {
                let logged = LoggedInterface(device, slot: slot, attached)
                state.withLock { $0.interfaces[device.index] = logged }
            }
            return hooks
        } catch {
            for link in inherited { link.take()?.detach() }
            AttachedInterface.removeFilters(device.index)
            if leaving == nil { release(device.index, slot) }
            throw CaptureError(error, interface: device.name)
        }
    }

    /// The slot that the interface has had, else a free one.
    private func takeSlot(of interface: UInt32) -> UInt16? {
        state.withLock { state in
            state.inheritedSlots[interface] ?? state.freeSlots.popLast()
        }
    }

    /// Counting begins at zero, or where an earlier process stopped.
    private func begin(_ interface: UInt32, _ slot: UInt16) throws(BPFError) {
        let isInherited = state.withLock { $0.inheritedSlots.removeValue(forKey: interface) != nil }
        guard !isInherited else { return }
        for direction in Direction.allCases {
            try tables.begin(slot: Int(slot) + Int(direction.rawValue))
            state.withLock { $0.totals[Port(interface: interface, direction: direction)] = InterfaceCounters() }
        }
    }

    /// Takes the programs off an interface. The next snapshot is the last that it is in: what they counted until now.
    public func detach(interface: UInt32) {
        state.withLock { state in
            state.interfaces[interface]?.detach {
                _ = hdrlog_wait_for_running_programs()
                return tables.generation
            }
        }
    }

    /// Lets go of all interfaces. Programs whose links somebody keeps go on counting; the others are detached.
    /// - Parameter keepsFilters: leaves clsact filters, which are no links, in place as well: the next process puts its own
    ///   into their places, and if there is none somebody has to call `removeFilters`.
    public func letGo(keepsFilters: Bool = false) {
        state.withLock { state in
            for interface in state.interfaces.values { interface.letGo(keepsFilters: keepsFilters) }
        }
    }

    /// Takes every clsact filter of any process of hdrlog off these interfaces.
    /// - Returns: the interfaces that had some.
    public static func removeFilters(from interfaces: some Sequence<UInt32>) -> [UInt32] {
        interfaces.filter { interface in
            let removed = Direction.allCases.map {
                ClassifierFilter.remove(interface: interface, direction: $0.point)
            }
            return removed.contains(true)
        }
    }

    /// No program writes to the interface's slot any more, and what is in it has been added up.
    func release(_ interface: UInt32, _ slot: UInt16) {
        tables.counters.setPort(interface, slot: nil, linkType: HDRLOG_LINK_ETHERNET)
        state.withLock { state in
            state.interfaces[interface] = nil
            for direction in Direction.allCases {
                state.totals[Port(interface: interface, direction: direction)] = nil
            }
            state.freeSlots.append(slot)
        }
    }

    /// Interfaces that have programs on them, and where.
    public var attached: [UInt32: AttachedHooks] {
        state.withLock { $0.interfaces.filter { $0.value.isAttached }.mapValues(\.hooks) }
    }

    // MARK: - taking over from an earlier process

    /// Nothing of what earlier processes counted is outside of the totals any more.
    public var isInheritanceAddedUp: Bool {
        let isEnded = inheritedGeneration.map { $0 < tables.generation && !tables.isFreezing } ?? true
        return isEnded && predecessors.withLock { $0.isEmpty }
    }

    /// Counters and slots go on in the maps where they are; programs and their links are taken over when their interfaces
    /// are attached.
    func goOn() throws(BPFError) {
        // What the process before this one may have left half done.
        _ = hdrlog_wait_for_running_programs()
        var slots: [UInt32: UInt16] = [:]
        tables.counters.forEachPort { slots[$0.ifindex] = $0.slot }
        let used = slots.values.flatMap { [Int($0), Int($0) + 1] }
        if !tables.isFreezing { try tables.forget(bank: tables.frozenBank, slots: used) }
        for (interface, slot) in slots {
            tables.rings.setSlot(slot, of: interface)
            for direction in Direction.allCases {
                let total = try tables.totals(slot: Int(slot) + Int(direction.rawValue))
                state.withLock { $0.totals[Port(interface: interface, direction: direction)] = total }
            }
        }
        state.withLock { state in
            state.inheritedSlots = slots
            state.freeSlots.removeAll { slots.values.contains($0) }
        }
    }

    /// Counters go on in other maps, at slots of their own; likewise.
    func takeOver(from old: Predecessor) throws(BPFError) {
        for (interface, oldSlot) in old.slots {
            guard let slot = state.withLock({ $0.freeSlots.popLast() }) else { continue }
            for direction in Direction.allCases {
                let total = try old.totals(slot: Int(oldSlot) + Int(direction.rawValue))
                try tables.begin(slot: Int(slot) + Int(direction.rawValue), at: total)
                state.withLock { $0.totals[Port(interface: interface, direction: direction)] = total }
            }
            state.withLock { $0.inheritedSlots[interface] = slot }
        }
    }

    /// Counters begin at zero, although programs of an earlier process go on.
    public func forgetTotals() {
        state.withLock { state in
            for port in state.totals.keys { state.totals[port] = InterfaceCounters() }
        }
    }

    /// To be called when all wanted interfaces have been attached: what an earlier process left on others goes.
    /// - Parameter interfaces: all that there are.
    public func finishTakeover(of interfaces: [UInt32] = []) {
        inheritance.detachUnclaimed()
        let attached = attached
        _ = Self.removeFilters(from: interfaces.filter { attached[$0] == nil })
        _ = hdrlog_wait_for_running_programs()
        let unclaimed = state.withLock { state in
            defer { state.inheritedSlots = [:] }
            state.isTakenOver = true
            return state.inheritedSlots
        }
        for (interface, slot) in unclaimed { release(interface, slot) }
    }
}
