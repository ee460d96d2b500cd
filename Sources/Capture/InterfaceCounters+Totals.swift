internal import CHdrlog

/// As the map `totals` has them: what survives this process. Histograms do not; they are stored as differences.
extension InterfaceCounters {
    /// Counters where a process before this one left them.
    init(_ totals: hdrlog_totals) {
        self.init()
        var counters = hdrlog_counters()
        withUnsafeBytes(of: totals.counters) { from in
            withUnsafeMutableBytes(of: &counters) { $0.copyMemory(from: from) }
        }
        withUnsafePointer(to: counters) { add($0) }
        tracked = totals.tracked
        drained = totals.drained
        inherited = totals.drained
    }

    var totals: hdrlog_totals {
        var counters = hdrlog_counters()
        counters.frames = frames
        counters.wire_packets = wirePackets
        counters.bytes = bytes
        counters.filtered = filtered
        counters.counted = counted
        counters.sampled = sampled
        counters.ring_lost = ringLost
        counters.keyed = keyed
        counters.untracked = untracked
        Self.fill(&counters.malformed, malformed)
        Self.fill(&counters.ethertypes, etherTypes.map { hdrlog_tally(frames: $0.frames, bytes: $0.bytes) })
        Self.fill(&counters.protocols, protocols.map { hdrlog_tally(frames: $0.frames, bytes: $0.bytes) })
        var totals = hdrlog_totals()
        totals.tracked = tracked
        totals.drained = drained
        withUnsafeBytes(of: &counters) { from in
            withUnsafeMutableBytes(of: &totals.counters) { $0.copyBytes(from: from.prefix($0.count)) }
        }
        return totals
    }

    /// C arrays are tuples in Swift.
    private static func fill<Tuple, Element>(_ tuple: inout Tuple, _ elements: [Element]) {
        withUnsafeMutableBytes(of: &tuple) { bytes in elements.withUnsafeBytes { bytes.copyMemory(from: $0) } }
    }
}
