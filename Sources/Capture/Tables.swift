internal import BPF
internal import CHdrlog
internal import CLinux
internal import Records

/// What the programs count in and write to. It outlives this process if somebody keeps its maps.
///
/// A generation at a time is added up: frozen, then handed out, then entered in `totals`, then forgotten. A process may be
/// killed between any two of these steps; the next one goes on at the same place, and nothing is counted twice.
final class Tables: @unchecked Sendable {
    /// Names of the maps.
    static let names = [
        "control", "ports", "counters", "totals", "flows", "flow_heads", "flow_usage", "rings",
        "ring_bytes",
    ]
    /// Names of what lies in them: programs can use maps only if all of these look as they have them.
    static let structures = [
        "hdrlog_control", "hdrlog_port", "hdrlog_counters", "hdrlog_totals", "hdrlog_tally",
        "hdrlog_flow", "flow_heads", "hdrlog_flow_usage", "hdrlog_ring", "hdrlog_ring_piece", "hdrlog_longest_record",
        "hdrlog_record",
    ]

    let control: UnsafeMutablePointer<hdrlog_control>
    let counters: CounterMap
    let flows: FlowTable
    let rings: RingSet<RecordRing>
    private let totals: Map

    /// - Parameter maps: by name, all of `names`.
    init(_ maps: [String: Map]) throws(BPFError) {
        control = try maps["control"]!.shared(as: hdrlog_control.self)
        let stride = maps["counters"]!.entries / Int(HDRLOG_BANKS)
        counters = try CounterMap(counters: maps["counters"]!, ports: maps["ports"]!, stride: stride)
        rings = try RingSet(positions: maps["rings"]!, pieces: maps["ring_bytes"]!, slots: Int(HDRLOG_BANKS) * stride)
        flows = FlowTable(flows: maps["flows"]!, heads: maps["flow_heads"]!, usage: maps["flow_usage"]!)
        totals = maps["totals"]!
    }

    /// The one that counts.
    var generation: UInt64 { control.pointee.generation }

    /// A generation is frozen and not added up yet.
    var isFreezing: Bool { control.pointee.collected != generation }

    /// The bank of the generation before the running one.
    var frozenBank: Int { Int(generation & 1) ^ 1 }

    /// Goes on with the generations of other tables; before anything is in these.
    func begin(after old: Predecessor) {
        control.pointee.generation = old.generation &+ 2
        control.pointee.collected = control.pointee.generation
    }

    /// The generation that is collected next has all that was left in other tables.
    func absorb() { control.pointee.absorbed = control.pointee.collected + 1 }

    /// What an earlier process left in tables before these is in the totals.
    var hasAbsorbed: Bool { control.pointee.absorbed != 0 && control.pointee.collected >= control.pointee.absorbed }

    /// Ends the generation that runs, and waits until no program is at work in it.
    func freeze() {
        hdrlog_release_u64(&control.pointee.generation, generation &+ 1)
        _ = hdrlog_wait_for_running_programs()
    }

    /// What was counted until the last generation that was added up.
    func totals(slot: Int) throws(BPFError) -> InterfaceCounters {
        var entry = hdrlog_totals()
        try withUnsafeMutableBytes(of: &entry) { bytes throws(BPFError) in
            try totals.read(place(control.pointee.collected, slot), into: bytes)
        }
        return InterfaceCounters(entry)
    }

    /// Makes the frozen generation part of the totals: after this, and not before, it is over.
    func collect(_ sums: [(slot: Int, counters: InterfaceCounters)]) throws(BPFError) {
        for sum in sums {
            try withUnsafeBytes(of: sum.counters.totals) { bytes throws(BPFError) in
                try totals.write(place(control.pointee.collected + 1, sum.slot), bytes)
            }
        }
        hdrlog_release_u64(&control.pointee.collected, control.pointee.collected + 1)
        try forget(bank: frozenBank, slots: sums.map(\.slot))
    }

    /// Sets a bank to zero that no program uses.
    func forget(bank: Int, slots: some Sequence<Int>) throws(BPFError) {
        for slot in slots { counters.clear(slot: slot, bank: bank) }
        try flows.clear(bank: bank)
    }

    /// Counting begins anew at a slot that no program uses, or at totals from elsewhere.
    func begin(slot: Int, at total: InterfaceCounters = InterfaceCounters()) throws(BPFError) {
        for bank in 0..<Int(HDRLOG_BANKS) { counters.clear(slot: slot, bank: bank) }
        try withUnsafeBytes(of: total.totals) { bytes throws(BPFError) in
            try totals.write(place(control.pointee.collected, slot), bytes)
        }
    }

    private func place(_ copy: UInt64, _ slot: Int) -> UInt32 { UInt32(Int(copy & 1) * counters.stride + slot) }

    /// Settings of both banks.
    func withBanks(_ body: (UnsafeMutablePointer<hdrlog_bank>) -> Void) {
        withUnsafeMutablePointer(to: &control.pointee.banks) {
            $0.withMemoryRebound(to: hdrlog_bank.self, capacity: Int(HDRLOG_BANKS), body)
        }
    }
}

/// Where a process counted, a bank at a time: as it stands there when no program uses the bank any more.
protocol CountedTables {
    /// Of ingress in bank 0; nil when the interface is not in these tables.
    func slot(of interface: LoggedInterface) -> Int?

    /// Calls `add` with what each CPU counted.
    func read(slot: Int, bank: Int, add: (UnsafePointer<hdrlog_counters>) -> Void) throws(BPFError)

    /// Records that were taken out of the rings; starts anew at zero.
    func takeDrained(slot: Int, bank: Int) -> UInt64

    /// - Parameter clockOffset: from the kernel's coarse clock to UTC.
    func forEachFlow(bank: Int, clockOffset: Int64, _ body: (FlowRecord) -> Void) throws(BPFError)
}

extension Tables: CountedTables {
    func slot(of interface: LoggedInterface) -> Int? { Int(interface.slot) }

    func read(slot: Int, bank: Int, add: (UnsafePointer<hdrlog_counters>) -> Void) {
        counters.read(slot: slot, bank: bank, add: add)
    }

    func takeDrained(slot: Int, bank: Int) -> UInt64 { rings.takeDrained(slot: slot, bank: bank) }

    func forEachFlow(bank: Int, clockOffset: Int64, _ body: (FlowRecord) -> Void) throws(BPFError) {
        try flows.forEach(bank: bank, clockOffset: clockOffset, body)
    }
}
