internal import CHdrlog

/// What was counted on one interface in one direction since it was attached: exact, whatever the sampling.
///
/// `frames = filtered + counted + sampled`, `sampled = drained + ringLost` once the rings have been drained, and
/// `keyed = tracked + untracked`.
public struct InterfaceCounters: Equatable, Sendable {
    /// Frames and their bytes.
    public struct Tally: Equatable, Sendable {
        public var frames: UInt64 = 0
        public var bytes: UInt64 = 0

        public init() {}

        mutating func add(_ tally: hdrlog_tally) {
            frames += tally.frames
            bytes += tally.bytes
        }

        mutating func add(_ tally: Tally) {
            frames += tally.frames
            bytes += tally.bytes
        }
    }

    /// Frames as the hook saw them.
    public var frames: UInt64 = 0
    /// Packets on the wire that the frames stand for (segmentation offload).
    public var wirePackets: UInt64 = 0
    public var bytes: UInt64 = 0
    /// Ignored by a rule.
    public var filtered: UInt64 = 0
    /// Not chosen by sampling.
    public var counted: UInt64 = 0
    public var sampled: UInt64 = 0
    /// Sampled, but the ring of their CPU was full.
    public var ringLost: UInt64 = 0
    /// IP packets that no rule ignored: each belongs to a flow.
    public var keyed: UInt64 = 0
    /// Of these, those that the flows handed out add up to.
    public var tracked: UInt64 = 0
    /// Of these, found no room in the flow tables.
    public var untracked: UInt64 = 0
    /// Taken out of the rings, to be stored.
    public var drained: UInt64 = 0
    /// Of these, by processes before this one.
    public var inherited: UInt64 = 0
    /// By `hdrlog_malformed`.
    public var malformed = [UInt64](repeating: 0, count: Int(HDRLOG_MALFORMED_REASONS.rawValue))
    /// By EtherType: IPv4, IPv6, ARP and all others, as `hdrlog_ethertype` numbers them.
    public var etherTypes = [Tally](repeating: Tally(), count: Int(HDRLOG_ETHERTYPES.rawValue))
    /// By IP protocol, 256 of them.
    public var protocols = [Tally](repeating: Tally(), count: 256)

    public var histograms = Histograms()

    public init() {}

    /// Adds what one CPU counted in one generation.
    mutating func add(_ counters: UnsafePointer<hdrlog_counters>) {
        // At the begin of the structure; a key path to it would copy it.
        UnsafeRawPointer(counters).withMemoryRebound(to: hdrlog_counts.self, capacity: 1) { add($0) }
        histograms.add(counters)
    }

    /// Likewise, without histograms.
    mutating func add(_ counts: UnsafePointer<hdrlog_counts>) {
        frames += counts.pointee.frames
        wirePackets += counts.pointee.wire_packets
        bytes += counts.pointee.bytes
        filtered += counts.pointee.filtered
        counted += counts.pointee.counted
        sampled += counts.pointee.sampled
        ringLost += counts.pointee.ring_lost
        keyed += counts.pointee.keyed
        untracked += counts.pointee.untracked
        let raw = UnsafeRawPointer(counts)
        Self.forEach(raw, \hdrlog_counts.malformed, UInt64.self, malformed.count) { malformed[$0] += $1 }
        Self.forEach(raw, \hdrlog_counts.ethertypes, hdrlog_tally.self, etherTypes.count) { etherTypes[$0].add($1) }
        Self.forEach(raw, \hdrlog_counts.protocols, hdrlog_tally.self, protocols.count) { protocols[$0].add($1) }
    }

    /// Adds what was counted in another generation.
    mutating func add(_ other: InterfaceCounters) {
        for counter in Self.scalars { self[keyPath: counter] += other[keyPath: counter] }
        for reason in malformed.indices { malformed[reason] += other.malformed[reason] }
        for type in etherTypes.indices { etherTypes[type].add(other.etherTypes[type]) }
        for number in protocols.indices { protocols[number].add(other.protocols[number]) }
        histograms.add(other.histograms)
    }

    private static let scalars: [any WritableKeyPath<InterfaceCounters, UInt64> & Sendable] = [
        \.frames, \.wirePackets, \.bytes, \.filtered, \.counted, \.sampled, \.ringLost, \.keyed, \.tracked, \.untracked,
        \.drained, \.inherited,
    ]

    /// C arrays are tuples in Swift; this walks one as memory.
    private static func forEach<Element>(
        _ counts: UnsafeRawPointer, _ array: PartialKeyPath<hdrlog_counts>, _: Element.Type, _ count: Int,
        _ body: (Int, Element) -> Void
    ) {
        let offset = MemoryLayout<hdrlog_counts>.offset(of: array)!
        let first = (counts + offset).assumingMemoryBound(to: Element.self)
        for index in 0..<count { body(index, first[index]) }
    }
}
