internal import BPF
internal import CHdrlog
public import Records
internal import Synchronization

/// An interface's counters at the end of a generation.
public struct InterfaceSnapshot: Equatable, Sendable {
    public var device: Device
    public var direction: Direction
    public var hooks: AttachedHooks
    public var counters: InterfaceCounters
    /// The programs were taken off; nothing follows.
    public var isLast = false
}

extension Capture {
    /// Freezes the counters' generation, waits until its records are drained, and adds it up.
    ///
    /// Everything that belongs to the generation is complete then: `frames`, `sampled`, `drained` and `ringLost` fit
    /// together exactly. Takes some milliseconds, since it waits for running programs.
    /// - Parameters:
    ///   - clockOffset: from CLOCK_MONOTONIC to UTC, in nanoseconds, for the flows' times.
    ///   - flow: gets what each CPU counted of each flow in the generation.
    ///   - wait: called until the thread that drains has emptied the rings twice; returns false to give up.
    /// - Returns: counters since attaching by interface and direction; nil when `wait` gave up (the generation is added
    ///   up next time).
    /// - Throws: `CaptureError` when the kernel does not hand out what it counted.
    public func snapshot(clockOffset: Int64 = 0, flow: (FlowRecord) -> Void = { _ in }, wait: () -> Bool)
        throws(CaptureError) -> [InterfaceSnapshot]?
    {
        do {
            let old = state.withLock { $0.isTakenOver } ? predecessors.withLock { $0 } : []
            if !tables.isFreezing {
                try install(bank: tables.frozenBank)
                tables.freeze()
            }
            guard drained(tables.rings, wait), old.allSatisfy({ drained($0.rings, wait) }) else { return nil }
            for old in old.reversed() {
                for bank in old.waitingBanks { try addUp(old, bank: bank, clockOffset, flow) }
            }
            if !old.isEmpty {
                tables.absorb()
                predecessors.withLock { $0 = [] }
            }
            try addUp(tables, bank: tables.frozenBank, clockOffset, flow)
            let sums = state.withLock { state in
                state.interfaces.values.flatMap { interface in
                    Direction.allCases.map { direction in
                        let port = Port(interface: interface.device.index, direction: direction)
                        return (slot: interface.slot(direction), counters: state.totals[port] ?? InterfaceCounters())
                    }
                }
            }
            try tables.collect(sums)
            return taken()
        } catch {
            throw CaptureError(error)
        }
    }

    private func drained(_ rings: RingSet<some ReadableRing>, _ wait: () -> Bool) -> Bool {
        let target = rings.passes + 2
        while rings.passes < target {
            guard wait() else { return false }
        }
        return true
    }

    /// Adds a frozen bank to the totals.
    private func addUp(
        _ tables: some CountedTables, bank: Int, _ clockOffset: Int64, _ flow: (FlowRecord) -> Void
    ) throws(BPFError) {
        var tracked: [Port: UInt64] = [:]
        try tables.forEachFlow(bank: bank, clockOffset: clockOffset) { record in
            let port = Port(interface: record.key.ifindex, direction: record.direction)
            tracked[port, default: 0] += record.value.frames
            flow(record)
        }
        let isInherited = tables is Predecessor || inheritedGeneration.map { self.tables.generation - 1 <= $0 } ?? false
        let interfaces = state.withLock { Array($0.interfaces.values) }
        for interface in interfaces {
            guard let first = tables.slot(of: interface) else { continue }
            for direction in Direction.allCases {
                let port = Port(interface: interface.device.index, direction: direction)
                let slot = first + Int(direction.rawValue)
                var sum = InterfaceCounters()
                try tables.read(slot: slot, bank: bank) { sum.add($0) }
                sum.tracked = tracked[port] ?? 0
                sum.drained = tables.takeDrained(slot: slot, bank: bank)
                if isInherited {
                    // All that was sampled is out of the rings by now: what not by this process, by an earlier one.
                    let all = sum.sampled - sum.ringLost
                    sum.inherited = all &- sum.drained
                    sum.drained = all
                }
                state.withLock { $0.totals[port, default: InterfaceCounters()].add(sum) }
            }
        }
    }

    /// Counters up to the generation that was just added up; interfaces that it was the last one of are gone then.
    private func taken() -> [InterfaceSnapshot] {
        let ended = tables.generation - 1
        let interfaces = state.withLock { Array($0.interfaces.values) }
        return interfaces.flatMap { interface in
            let isLast = interface.lastGeneration.map { $0 <= ended } ?? false
            defer { if isLast { release(interface.device.index, interface.slot) } }
            return totals(of: interface, isLast: isLast)
        }
    }

    /// Counters up to the last generation that was added up, by earlier processes too.
    public var totals: [InterfaceSnapshot] {
        state.withLock { Array($0.interfaces.values) }.flatMap { totals(of: $0, isLast: false) }
    }

    private func totals(of interface: LoggedInterface, isLast: Bool) -> [InterfaceSnapshot] {
        state.withLock { state in
            interface.hooks.directions.map { direction in
                let port = Port(interface: interface.device.index, direction: direction)
                return InterfaceSnapshot(
                    device: interface.device, direction: direction, hooks: interface.hooks,
                    counters: state.totals[port] ?? InterfaceCounters(), isLast: isLast)
            }
        }
    }

    /// Headers that were sampled until now on the interfaces that are attached, the generation that runs included: what
    /// a budget is held against between two snapshots.
    public var sampled: UInt64 {
        state.withLock { state in
            state.interfaces.values.reduce(0) { sum, interface in
                interface.hooks.directions.reduce(sum) { sum, direction in
                    let port = Port(interface: interface.device.index, direction: direction)
                    let running = (0..<Int(HDRLOG_BANKS)).reduce(0) {
                        $0 + tables.counters.sampled(slot: interface.slot(direction), bank: $1)
                    }
                    return sum + (state.totals[port]?.sampled ?? 0) + running
                }
            }
        }
    }
}
