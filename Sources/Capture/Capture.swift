package import BPF
internal import CHdrlog
internal import CLinux
internal import Filter
public import Records
internal import Synchronization

/// The programs in the kernel, what they count, and the rings that their records wait in.
///
/// One thread drains; another attaches, detaches and takes snapshots. When this goes, programs are detached, unless
/// somebody keeps the `keepsakes`: then they go on counting, and another `Capture` can take over from there.
public final class Capture: @unchecked Sendable {
    /// Interfaces that can be logged at a time.
    public static let maximumInterfaces = 64

    package let programs: Object
    let tables: Tables
    /// What processes before this one left in tables that these programs cannot use, until it is added up; the youngest
    /// first.
    let predecessors: Mutex<[Predecessor]>
    let inheritance: Inheritance
    /// Until this generation, an earlier process may have taken records out of the rings.
    let inheritedGeneration: UInt64?
    private let rules: RuleSet
    private let doorbell: Doorbell
    let state = Mutex(State())

    struct State {
        var interfaces: [UInt32: LoggedInterface] = [:]
        var totals: [Port: InterfaceCounters] = [:]
        var settings = CaptureSettings()
        var rules: LoadedRules?
        /// Of the settings, and of those that stand in each bank.
        var version = 1
        var bankVersions = [0, 0]
        var freeSlots = Array((0..<Capture.maximumInterfaces).map { UInt16(2 * $0) }.reversed())
        /// Slots in which an earlier process counted, until their interfaces are attached.
        var inheritedSlots: [UInt32: UInt16] = [:]
        /// Everything that is to be taken over from the predecessor is.
        var isTakenOver = false
    }

    /// One interface in one direction.
    struct Port: Hashable {
        var interface: UInt32
        var direction: Direction
    }

    /// Loads the programs; nothing is attached yet, and what an earlier process left goes on as it is.
    /// - Parameters:
    ///   - ringMemory: bytes of ring buffers over all CPUs; each gets the largest power of two that fits its share.
    ///   - flowMemory: bytes of the flow tables of all CPUs and both banks, taken at once.
    ///   - settings: what is done with packets, from the first one on.
    ///   - inherited: what an earlier process left; the descriptors are this one's from now on.
    /// - Throws: `CaptureError` when the kernel refuses.
    public init(
        ringMemory: Int, flowMemory: Int = 32 << 20, settings: CaptureSettings = CaptureSettings(),
        inherited: [Keepsake] = []
    ) throws(CaptureError) {
        inheritance = Inheritance(inherited)
        do {
            var object = try Self.open(ringMemory: ringMemory, flowMemory: flowMemory)
            var continues = try inheritance.give(to: object)
            do {
                try FrameLength.look(object)
                try object.load()
            } catch {
                // The programs as they are, which also tells best what is wrong if it was not that.
                object = try Self.open(ringMemory: ringMemory, flowMemory: flowMemory)
                continues = try inheritance.give(to: object)
                try object.load()
            }
            var maps: [String: Map] = [:]
            for name in Tables.names { maps[name] = try object.map(name) }
            tables = try Tables(maps)
            let old = try inheritance.predecessors(of: object, continuing: continues ? tables : nil)
            predecessors = Mutex(old)
            inheritedGeneration = continues ? tables.generation : nil
            if !continues {
                // Records that wait in other rings have another generation than those to come.
                if let last = old.first { tables.begin(after: last) }
                tables.control.pointee.identifier = old.first?.identifier ?? .random(in: 1 ... .max)
            }
            rules = try RuleSet(object)
            doorbell = try Doorbell(object.map("doorbell"))
            programs = object
            if continues { try goOn() } else if let last = old.first { try takeOver(from: last) }
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

    private static func open(ringMemory: Int, flowMemory: Int) throws(BPFError) -> Object {
        let stride = 2 * Self.maximumInterfaces
        let size = RecordRing.size(of: ringMemory, processors: Map.processors)
        let object = try Object(opening: EmbeddedObject.bytes)
        let flowSize = FlowTableSize(memory: flowMemory)
        try object.setConstants([UInt32(stride)] + flowSize.constants + [UInt32(size / Int(HDRLOG_RING_PIECE))])
        try object.setEntries(of: "counters", to: Int(HDRLOG_BANKS) * stride)
        try object.setEntries(of: "totals", to: Int(HDRLOG_BANKS) * stride)
        try object.setEntries(of: "rings", to: Map.processors)
        try object.setEntries(of: "ring_bytes", to: Map.processors * size / Int(HDRLOG_RING_PIECE))
        try object.setEntries(of: "flows", to: Int(HDRLOG_BANKS) * flowSize.entries)
        try object.setEntries(of: "flow_heads", to: Int(HDRLOG_BANKS) * flowSize.lines)
        return object
    }

    /// Everything that another process needs to go on without a gap. Valid until an interface comes or goes, or what was
    /// inherited is added up.
    public var keepsakes: [Keepsake] {
        // The programs' own maps belong to one version of them, which another version's would not understand.
        var found = keepsakes(of: Tables.names, Keepsake.map) + keepsakes(of: RuleSet.names, Keepsake.programs)
        if let types = programs.types {
            let set = (try? programs.map(Tables.names[0]))?.identifier ?? 0
            found.append(Keepsake([Keepsake.map, Keepsake.types, "\(set)"], descriptor: types))
        }
        found += predecessors.withLock { $0.flatMap(\.keepsakes) }
        return state.withLock { $0.interfaces.values.reduce(into: found) { $0 += $1.keepsakes } }
    }

    /// Maps, all named after the first one's number: they belong together.
    private func keepsakes(of names: [String], _ kind: String) -> [Keepsake] {
        let maps = names.compactMap { try? programs.map($0) }
        let set = maps.first?.identifier ?? 0
        return zip(names, maps).map { Keepsake([kind, $0, "\(set)"], descriptor: $1.reference) }
    }

    /// An earlier version left maps that this one cannot read: counting begins anew, and headers that waited are gone.
    public var losesInheritance: Bool { inheritance.isForeign }

    /// Low 8 bits, as records have it: the one that no snapshot tells of yet.
    public var runningGeneration: UInt8 { UInt8(truncatingIfNeeded: tables.generation) }

    /// Stays the same as long as one process takes over from the other.
    public var identifier: UInt64 { tables.control.pointee.identifier }

    // MARK: - records; for the one thread that drains

    /// Moves records from the rings into a chunk.
    /// - Returns: true when all rings were empty at the end; false when the chunk is full and more may wait.
    public func drain(into chunk: RecordChunk) -> Bool {
        for old in predecessors.withLock({ $0 }).reversed() where !old.rings.drain(into: chunk) { return false }
        return tables.rings.drain(into: chunk)
    }

    /// Readable once a record has come since `setAsleep(true)`; for poll(2).
    public var recordsBell: Int32 { doorbell.descriptor }

    /// While the rings are asleep, the first record of each rings the bell. That costs its packet a microsecond, so the
    /// rings of an interface in use should be awake.
    ///
    /// A record that comes at the very time of the call may not ring: whoever falls asleep looks at the rings again after
    /// a moment.
    public func setAsleep(_ isAsleep: Bool) { tables.rings.setAsleep(isAsleep) }

    /// Makes the bell ready to be rung again.
    public func answerBell() { doorbell.answer() }

    /// Bytes of each CPU's ring.
    public var ringSize: Int { tables.rings.size }

    // MARK: - settings

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
            tables.withBanks { banks in
                for bank in 0..<Int(HDRLOG_BANKS) { banks[bank].thinning = UInt32(clamping: max(1, thinning)) }
            }
        }
    }

    public var settings: CaptureSettings { state.withLock { $0.settings } }

    /// Flows in the tables now, and how many find room.
    public var flowUsage: (entries: Int, limit: Int) {
        (tables.flows.entries(bank: Int(tables.generation & 1)), tables.flows.limit)
    }

    /// Puts the settings into a bank that no program reads, unless they stand there already.
    func install(bank: Int) throws(BPFError) {
        let (settings, loaded, version, installed) = state.withLock {
            ($0.settings, $0.rules, $0.version, $0.bankVersions[bank])
        }
        guard installed != version else { return }
        if let loaded { try rules.install(loaded, bank: bank) }
        tables.withBanks { $0[bank] = settings.bank(flowLimit: tables.flows.limit) }
        state.withLock { $0.bankVersions[bank] = version }
    }
}
