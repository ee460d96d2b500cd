internal import BPF
internal import CHdrlog
internal import Records

/// What a process before this one counted and kept in maps that this one's programs cannot use: their sizes, or what lies
/// in them, are other ones. Once no program runs in them they are read until they are empty, and then closed.
///
/// Values are read by the names of their fields, so that it does not matter which version is the later one.
final class Predecessor: @unchecked Sendable {
    /// The one that counted last.
    let generation: UInt64
    /// A generation is frozen and not in the totals.
    let isFreezing: Bool
    let identifier: UInt64
    /// What an earlier process left in tables before these is in the totals.
    let hasAbsorbed: Bool
    /// Where interfaces counted, in bank 0.
    let slots: [UInt32: UInt16]
    let rings: RingSet<TranslatedRing>
    private let collected: UInt64
    private let maps: InheritedMaps
    private let counters: TranslatedMap
    private let totals: TranslatedMap
    private let flows: TranslatedMap
    private let flowUsage: TranslatedMap
    /// Slots of one bank.
    private let stride: Int

    /// - Parameter own: the structures as this version has them.
    /// - Returns: nil when a map or a field is missing without which the others mean nothing.
    init?(_ maps: InheritedMaps, _ own: [String: Structure]) throws(BPFError) {
        func find(_ name: String, _ structure: String, _ needed: String...) -> TranslatedMap? {
            guard let map = maps.map(name), let from = maps.structures[structure], let to = own[structure],
                map.valueSize == from.size || (name == "ports" && map.valueSize % from.size == 0),
                needed.allSatisfy({ from.fields[$0] != nil })
            else { return nil }
            return TranslatedMap(map, Translation(from: from, to: to))
        }
        guard let control = find("control", "hdrlog_control", "generation", "collected", "identifier"),
            let ports = find("ports", "hdrlog_port", "ifindex", "slot"),
            let counters = find("counters", "hdrlog_counters", "counts.frames"),
            let totals = find("totals", "hdrlog_totals", "counts.frames"),
            let flows = find("flows", "hdrlog_flow", "value.frames"),
            let flowUsage = find("flow_usage", "hdrlog_flow_usage", "entries"),
            let rings = try TranslatedRing.all(maps, own)
        else { return nil }
        self.maps = maps
        (self.counters, self.totals, self.flows, self.flowUsage) = (counters, totals, flows, flowUsage)
        stride = counters.map.entries / Int(HDRLOG_BANKS)
        var state = hdrlog_control()
        try control.read(0, as: hdrlog_control.self) { state = $0.pointee }
        (generation, collected, identifier) = (state.generation, state.collected, state.identifier)
        isFreezing = collected != generation
        hasAbsorbed = state.absorbed != 0 && collected >= state.absorbed
        var slots: [UInt32: UInt16] = [:]
        try ports.read(0, as: hdrlog_port.self) { port in
            if port.pointee.ifindex != 0 { slots[port.pointee.ifindex] = port.pointee.slot }
        }
        self.slots = slots
        self.rings = RingSet(rings.rings, size: rings.size, slots: counters.map.entries)
        for (interface, slot) in slots { self.rings.setSlot(slot, of: interface) }
    }

    /// For the process that follows, if this one does not live to see it empty.
    var keepsakes: [Keepsake] { maps.keepsakes }

    /// Banks that are not in the totals, the one that was frozen first.
    var waitingBanks: [Int] {
        let running = Int(generation & 1)
        return isFreezing ? [running ^ 1, running] : [running]
    }

    /// What was counted until the last generation that was added up.
    func totals(slot: Int) throws(BPFError) -> InterfaceCounters {
        var found = InterfaceCounters()
        try totals.read(UInt32(Int(collected & 1) * stride + slot), as: hdrlog_totals.self) {
            found = InterfaceCounters($0.pointee)
        }
        return found
    }
}

extension Predecessor: CountedTables {
    func slot(of interface: LoggedInterface) -> Int? { slots[interface.device.index].map { Int($0) } }

    func read(slot: Int, bank: Int, add: (UnsafePointer<hdrlog_counters>) -> Void) throws(BPFError) {
        try counters.read(UInt32(bank * stride + slot), processors: Map.processors, as: hdrlog_counters.self, add)
    }

    func takeDrained(slot: Int, bank: Int) -> UInt64 { rings.takeDrained(slot: slot, bank: bank) }

    func forEachFlow(bank: Int, clockOffset: Int64, _ body: (FlowRecord) -> Void) throws(BPFError) {
        let limit = flows.map.entries / Int(HDRLOG_BANKS)
        var used = hdrlog_flow_usage()
        try flowUsage.read(UInt32(bank), as: hdrlog_flow_usage.self) { used = $0.pointee }
        try flows.forEach(from: bank * limit, count: min(Int(clamping: used.entries), limit), as: hdrlog_flow.self) {
            let flow = $0.pointee
            if flow.value.frames > 0 { body(FlowRecord(key: flow.key, value: flow.value, clockOffset: clockOffset)) }
        }
    }
}
