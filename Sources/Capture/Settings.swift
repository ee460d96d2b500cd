internal import CHdrlog
public import Filter

/// What the programs do with a packet beside counting it. Changes with a generation, for all packets at once.
public struct CaptureSettings: Equatable, Sendable {
    /// Packets whose headers are kept whatever the sampling rate is, unless a rule ignores or only counts them.
    public struct Kept: OptionSet, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// TCP segments with SYN, FIN or RST.
        public static let tcpEdges = Kept(rawValue: HDRLOG_KEEP_TCP_EDGES.rawValue)
        /// ICMP and ICMPv6 error messages.
        public static let icmpErrors = Kept(rawValue: HDRLOG_KEEP_ICMP_ERRORS.rawValue)
        public static let malformed = Kept(rawValue: HDRLOG_KEEP_MALFORMED.rawValue)
    }

    /// Headers of one packet in so many are kept where no rule says otherwise; 0 for none.
    public var samplingRate = 1
    public var kept: Kept = [.tcpEdges, .icmpErrors, .malformed]
    /// So many packets of each flow are kept in each generation; 0 for none.
    public var firstPackets = 0
    /// The first rule that matches decides.
    public var rules: [Rule] = []
    public var countsFlows = true
    public var countsHistograms = true
    /// Headers a second, see `HeaderBudget`; 0 for no limit.
    public var headerBudget = 0
    /// All rates are multiplied by this, to keep within a budget; see `Capture.setThinning`.
    public var thinning = 1

    public init() {}

    /// As the programs read it.
    func bank(flowLimit: Int) -> hdrlog_bank {
        var features: UInt32 = 0
        if countsHistograms { features |= HDRLOG_HISTOGRAMS.rawValue }
        if countsFlows { features |= HDRLOG_FLOWS.rawValue }
        if !rules.isEmpty { features |= HDRLOG_RULES.rawValue }
        return hdrlog_bank(
            rate: UInt32(clamping: samplingRate), features: features, keep: kept.rawValue,
            first_packets: UInt32(clamping: firstPackets), thinning: UInt32(clamping: max(1, thinning)),
            flow_limit: UInt32(clamping: flowLimit))
    }
}
