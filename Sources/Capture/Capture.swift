package import BPF
internal import CHdrlog
internal import CLinux
internal import Filter
public import Records
internal import Synchronization

/// The programs in the kernel, what they count, and the rings that their records wait in.
///
/// One thread drains; another attaches, detaches and takes snapshots. Programs are detached when this goes.
public final class Capture: @unchecked Sendable {
    /// Interfaces that can be logged at a time.
    public static let maximumInterfaces = 64

    package let programs: Object
    private let control: UnsafeMutablePointer<hdrlog_control>
    let counters: CounterMap
    private let rings: RingSet
    private let flows: FlowTable
    private let rules: RuleSet
    private let state = Mutex(State())

    private struct State {
        var interfaces: [UInt32: AttachedInterface] = [:]
        var totals: [Port: InterfaceCounters] = [:]
        var settings = CaptureSettings()
        var rules: LoadedRules?
        /// Of the settings, and of those that stand in each bank.
        var version = 1
        var bankVersions = [0, 0]
        var freeSlots = Array((0..<Capture.maximumInterfaces).map { UInt16(2 * $0) }.reversed())
    }

    /// One interface in one direction.
    private struct Port: Hashable {
        var interface: UInt32
        var direction: Direction
    }

    /// Loads the programs; nothing is attached yet.
    /// - Parameters:
    ///   - ringMemory: bytes of ring buffers over all CPUs; each gets the largest power of two that fits its share.
    ///   - flowMemory: bytes of the flow tables of all CPUs and both banks, taken at once.
    ///   - settings: what is done with packets, from the first one on.
    /// - Throws: `CaptureError` when the kernel refuses.
    public init(ringMemory: Int, flowMemory: Int = 32 << 20, settings: CaptureSettings = CaptureSettings())
        throws(CaptureError)
    {
        do {
            let stride = 2 * Self.maximumInterfaces
            let size = RingSet.size(of: ringMemory, processors: Map.processors)
            let object = try Object(opening: EmbeddedObject.bytes)
            let flowSize = FlowTableSize(memory: flowMemory)
            try object.setConstants([UInt32(stride)] + flowSize.constants + [UInt32(size / Int(HDRLOG_RING_PIECE))])
            try object.setEntries(of: "counters", to: Int(HDRLOG_BANKS) * stride)
            try object.setEntries(of: "rings", to: Map.processors)
            try object.setEntries(of: "ring_bytes", to: Map.processors * size / Int(HDRLOG_RING_PIECE))
            try object.setEntries(of: "flows", to: Int(HDRLOG_BANKS) * flowSize.entries)
            try object.setEntries(of: "flow_heads", to: Int(HDRLOG_BANKS) * flowSize.lines)
            try object.load()
            control = try object.map("control").shared(as: hdrlog_control.self)
            counters = CounterMap(counters: try object.map("counters"), ports: try object.map("ports"), stride: stride)
            rings = try RingSet(size: size, slots: Int(HDRLOG_BANKS) * stride, object)
            flows = try FlowTable(flowSize, object)
            rules = try RuleSet(object)
            programs = object
        } catch {
            throw CaptureError(error)
        }
        try apply(settings)
        do {
            for bank in 0..<Int(HDRLOG_BANKS) { try install(bank: bank) }
        } catch {
            throw CaptureError(error)
        }
    }

    // MARK: - interfaces

    /// Puts the programs on an interface.
    /// - Returns: where they sit now and why.
    /// - Throws: `CaptureError` when no place is left or the interface is gone; nothing stays attached then.
    @discardableResult
    public func attach(_ device: Device, hook: HookChoice, directions: Set<Direction>) throws(CaptureError)
        -> AttachedHooks
    {
        guard let linkType = device.linkType else { throw .unsupportedLinkLayer(device.name) }
        guard let slot = state.withLock({ $0.freeSlots.popLast() }) else { throw .tooManyInterfaces }
        do {
            try counters.setPort(device.index, slot: slot, linkType: linkType)
            rings.setSlot(slot, of: device.index)
            let attached = try AttachedInterface(programs, device, hook, directions, slot: slot)
            return state.withLock {
                for direction in directions {
                    $0.totals[Port(interface: device.index, direction: direction)] = InterfaceCounters()
                }
                $0.interfaces[device.index] = attached
                return attached.hooks
            }
        } catch {
            state.withLock { $0.freeSlots.append(slot) }
            throw CaptureError(error, interface: device.name)
        }
    }

    /// Takes the programs off an interface. What it counted since the last snapshot is lost, so take one before.
    public func detach(interface: UInt32) {
        let gone = state.withLock { state in
            for direction in Direction.allCases {
                state.totals[Port(interface: interface, direction: direction)] = nil
            }
            return state.interfaces.removeValue(forKey: interface)
        }
        guard let gone else { return }
        try? counters.setPort(interface, slot: nil, linkType: HDRLOG_LINK_ETHERNET)
        // The slot is used again only after its counters are zero in both banks.
        counters.clear(slot: gone.slot)
        state.withLock { $0.freeSlots.append(gone.slot) }
    }

    /// Interfaces that have programs on them, and where.
    public var attached: [UInt32: AttachedHooks] { state.withLock { $0.interfaces.mapValues(\.hooks) } }

    // MARK: - records; for the one thread that drains

    /// Moves records from the rings into a chunk.
    /// - Returns: true when all rings were empty at the end; false when the chunk is full and more may wait.
    public func drain(into chunk: RecordChunk) -> Bool { rings.drain(into: chunk) }

    // MARK: - counters

    /// From the next snapshot on, packets are treated so.
    /// - Throws: `CaptureError.rules` when the kernel cannot evaluate a rule; the settings in force stay then.
    public func apply(_ settings: CaptureSettings) throws(CaptureError) {
        let names = state.withLock { $0.interfaces.mapValues(\.device.name) }
        let loaded = settings.rules.isEmpty ? nil : try rules.load(settings.rules, interfaces: names)
        state.withLock { state in
            let thinning = state.settings.thinning
            state.settings = settings
            // What the traffic has led to is not forgotten when a rule is changed.
            if settings.headerBudget > 0 { state.settings.thinning = thinning }
            state.rules = loaded
            state.version += 1
        }
    }

    /// At once, all sampling rates are multiplied by this. Each record carries the rate that it was chosen at, so nothing
    /// has to wait for a new generation.
    public func setThinning(_ thinning: Int) {
        state.withLock { state in
            state.settings.thinning = thinning
            withBanks { banks in
                for bank in 0..<Int(HDRLOG_BANKS) { banks[bank].thinning = UInt32(clamping: max(1, thinning)) }
            }
        }
    }

    private func withBanks(_ body: (UnsafeMutablePointer<hdrlog_bank>) -> Void) {
        withUnsafeMutablePointer(to: &control.pointee.banks) {
            $0.withMemoryRebound(to: hdrlog_bank.self, capacity: Int(HDRLOG_BANKS), body)
        }
    }

    public var settings: CaptureSettings { state.withLock { $0.settings } }

    /// Flows in the tables now, and how many find room.
    public var flowUsage: (entries: Int, limit: Int) {
        (flows.entries(bank: Int(control.pointee.generation & 1)), flows.limit)
    }

    /// Puts the settings into a bank that no program reads, unless they stand there already.
    private func install(bank: Int) throws(BPFError) {
        let (settings, loaded, version, installed) = state.withLock {
            ($0.settings, $0.rules, $0.version, $0.bankVersions[bank])
        }
        guard installed != version else { return }
        if let loaded { try rules.install(loaded, bank: bank) }
        withBanks { $0[bank] = settings.bank(flowLimit: flows.limit) }
        state.withLock { $0.bankVersions[bank] = version }
    }

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
            if !rings.isFreezing {
                let next = control.pointee.generation &+ 1
                try install(bank: Int(next & 1))
                hdrlog_release_u64(&control.pointee.generation, next)
                _ = hdrlog_wait_for_running_programs()
                rings.isFreezing = true
            }
            let target = rings.passes + 2
            while rings.passes < target {
                guard wait() else { return nil }
            }
            rings.isFreezing = false
            let bank = Int(control.pointee.generation & 1) ^ 1
            var tracked: [Port: UInt64] = [:]
            try flows.take(bank: bank, clockOffset: clockOffset) { record in
                let port = Port(interface: record.key.ifindex, direction: record.direction)
                tracked[port, default: 0] += record.value.frames
                flow(record)
            }
            return collect(bank: bank, tracked)
        } catch {
            throw CaptureError(error)
        }
    }

    /// Headers that were sampled until now on the interfaces that are attached, the generation that runs included: what
    /// a budget is held against between two snapshots.
    public var sampled: UInt64 {
        state.withLock { state in
            state.interfaces.values.reduce(0) { sum, interface in
                interface.directions.reduce(sum) { sum, direction in
                    let slot = Int(interface.slot) + Int(direction.rawValue)
                    let port = Port(interface: interface.device.index, direction: direction)
                    let running = (0..<Int(HDRLOG_BANKS)).reduce(0) { $0 + counters.sampled(slot: slot, bank: $1) }
                    return sum + (state.totals[port]?.sampled ?? 0) + running
                }
            }
        }
    }

    /// - Parameter tracked: frames of the bank's flows.
    private func collect(bank: Int, _ tracked: [Port: UInt64]) -> [InterfaceSnapshot] {
        state.withLock { state in
            state.interfaces.values.flatMap { interface in
                interface.directions.compactMap { direction -> InterfaceSnapshot? in
                    let port = Port(interface: interface.device.index, direction: direction)
                    guard var total = state.totals[port] else { return nil }
                    let slot = Int(interface.slot) + Int(direction.rawValue)
                    counters.take(slot: slot, bank: bank) { total.add($0) }
                    total.tracked += tracked[port] ?? 0
                    total.drained += rings.takeDrained(slot: slot, bank: bank)
                    state.totals[port] = total
                    return InterfaceSnapshot(
                        device: interface.device, direction: direction, hooks: interface.hooks, counters: total)
                }
            }
        }
    }
}

/// An interface's counters at the end of a generation.
public struct InterfaceSnapshot: Equatable, Sendable {
    public var device: Device
    public var direction: Direction
    public var hooks: AttachedHooks
    public var counters: InterfaceCounters
}
