internal import CHdrlog
internal import Capture
internal import Store
internal import Wire

extension Counters {
    /// The kernel's numbers, and those counted where the records are.
    init(_ kernel: InterfaceCounters, _ records: Census) {
        self.init()
        frames = Int(kernel.frames)
        wirePackets = Int(kernel.wirePackets)
        bytes = Int(kernel.bytes)
        filtered = Int(kernel.filtered)
        counted = Int(kernel.counted)
        sampled = Int(kernel.sampled)
        stored = Int(records.stored)
        storeLost = Int(records.lost)
        ringLost = Int(kernel.ringLost)
        waiting = Int(records.waiting)
        keyed = Int(kernel.keyed)
        flowPackets = Int(kernel.tracked)
        untrackedPackets = Int(kernel.untracked)
        for (reason, count) in kernel.malformed.enumerated() where count > 0 {
            malformed[Self.malformedNames[reason]] = Int(count)
        }
    }

    /// By `hdrlog_malformed`.
    private static let malformedNames = [
        "none", "truncatedL2", "truncatedL3", "truncatedL4", "badIpVersion", "badIhl", "badTotalLength",
        "badPayloadLength", "badDataOffset", "badUdpLength", "tooManyExtensions", "headersTooLong",
    ]
}

extension Completeness {
    init(_ result: QueryResult) {
        self.init(
            since: result.covered?.lowerBound ?? 0, until: result.covered?.upperBound ?? 0, records: result.delivered,
            limited: result.stopped == .limit || result.stopped == .cancelled, rates: Self.rates(result),
            gaps: result.gaps.map(Wire.Gap.init))
    }

    /// The store tells the least and the greatest rate of the blocks in range.
    private static func rates(_ result: QueryResult) -> [SamplingRate] {
        guard let rates = result.rates else { return [] }
        if rates.count == 1 { return [SamplingRate(rate: Int(rates.lowerBound), records: result.delivered)] }
        return [rates.lowerBound, rates.upperBound].map { SamplingRate(rate: Int($0)) }
    }
}

extension HookPlace {
    /// How the hook has it: `native`, `generic`, `link` or `filter`.
    var mode: String {
        switch self {
        case .nativeXDP: "native"
        case .genericXDP: "generic"
        case .tc: "link"
        case .clsact: "filter"
        }
    }
}

extension Wire.Gap {
    init(_ gap: Store.Gap) {
        self.init(since: gap.from, until: gap.to, reason: gap.reason.text, lost: gap.count.map { Int(clamping: $0) })
    }
}

extension FamilyStatus {
    init(_ segments: [SegmentInfo]) {
        let times = segments.compactMap(\.times)
        self.init(
            segments: segments.count, bytes: Int(segments.reduce(0) { $0 + $1.bytes }),
            oldest: times.map(\.lowerBound).min(), newest: times.map(\.upperBound).max())
    }
}
