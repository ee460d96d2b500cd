internal import CHdrlog

/// As the map `totals` has them: what survives this process. Histograms do not; they are stored as differences.
extension InterfaceCounters {
    /// Counters where a process before this one left them.
    init(_ totals: hdrlog_totals) {
        self.init()
        withUnsafePointer(to: totals.counts) { add($0) }
        tracked = totals.tracked
        drained = totals.drained
        inherited = totals.drained
    }

    var totals: hdrlog_totals {
        var totals = hdrlog_totals()
        totals.tracked = tracked
        totals.drained = drained
        totals.counts.frames = frames
        totals.counts.wire_packets = wirePackets
        totals.counts.bytes = bytes
        totals.counts.filtered = filtered
        totals.counts.counted = counted
        totals.counts.sampled = sampled
        totals.counts.ring_lost = ringLost
        totals.counts.keyed = keyed
        totals.counts.untracked = untracked
        Self.fill(&totals.counts.malformed, malformed)
        Self.fill(&totals.counts.ethertypes, etherTypes.map(hdrlog_tally.init))
        Self.fill(&totals.counts.protocols, protocols.map(hdrlog_tally.init))
        return totals
    }

    /// C arrays are tuples in Swift.
    private static func fill<Tuple, Element>(_ tuple: inout Tuple, _ elements: [Element]) {
        withUnsafeMutableBytes(of: &tuple) { bytes in elements.withUnsafeBytes { bytes.copyMemory(from: $0) } }
    }
}

extension hdrlog_tally {
    init(_ tally: InterfaceCounters.Tally) {
        self.init()
        frames = tally.frames
        bytes = tally.bytes
    }
}
