internal import CHdrlog
public import Records

/// Exact histograms of one interface in one direction: frames by value, for each kind.
public struct Histograms: Equatable, Sendable {
    /// Counts by kind, then by bucket; see `HistogramKind`.
    public private(set) var counts = HistogramKind.allCases.map { [UInt64](repeating: 0, count: $0.buckets) }

    public init() {}

    public subscript(kind: HistogramKind) -> [UInt64] { counts[kind.rawValue] }

    mutating func add(_ other: Histograms) {
        for kind in counts.indices {
            for bucket in counts[kind].indices { counts[kind][bucket] += other.counts[kind][bucket] }
        }
    }

    /// Adds what one CPU counted in one generation.
    mutating func add(_ counters: UnsafePointer<hdrlog_counters>) {
        let start = MemoryLayout<hdrlog_counters>.offset(of: \.histograms)!
        for kind in HistogramKind.allCases {
            let first = (UnsafeRawPointer(counters) + start + kind.offset).assumingMemoryBound(to: UInt32.self)
            for bucket in 0..<kind.buckets { counts[kind.rawValue][bucket] += UInt64(first[bucket]) }
        }
    }
}

extension HistogramKind {
    /// Where its buckets begin within `hdrlog_histograms`, in bytes.
    fileprivate var offset: Int {
        let field: PartialKeyPath<hdrlog_histograms> =
            switch self {
            case .frameLength: \.frame_length
            case .ttl: \.ttl
            case .trafficClass: \.traffic_class
            case .fragments: \.fragments
            case .tcpFlags: \.tcp_flags
            case .window: \.window
            case .mss: \.mss
            }
        return MemoryLayout<hdrlog_histograms>.offset(of: field)!
    }
}
