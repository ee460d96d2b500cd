internal import CHdrlog

/// What frames are counted by, beside their EtherType and IP protocol.
public enum HistogramKind: Int, CaseIterable, Sendable {
    case frameLength
    /// TTL or hop limit.
    case ttl
    /// DSCP and ECN together, as they stand in the header: DSCP << 2 | ECN.
    case trafficClass
    /// The first fragments of packets, and later ones.
    case fragments
    /// The eight flags of RFC 9293.
    case tcpFlags
    case window
    /// Of SYNs, as their options say.
    case mss

    public var buckets: Int {
        switch self {
        case .ttl, .trafficClass, .tcpFlags: 256
        case .fragments: 2
        case .frameLength, .mss: Int(HDRLOG_LENGTH_BUCKETS)
        case .window: Int(HDRLOG_WINDOW_BUCKETS)
        }
    }

    /// The values that fall into a bucket.
    public func range(of bucket: Int) -> ClosedRange<Int> {
        switch self {
        case .ttl, .trafficClass, .tcpFlags, .fragments: return bucket...bucket
        case .window: return bucket == 0 ? 0...0 : 1 << (bucket - 1)...(1 << bucket) - 1
        case .frameLength, .mss:
            if bucket < 32 { return bucket * 64...bucket * 64 + 63 }
            let isLast = bucket == buckets - 1
            return 2048 << (bucket - 32)...(isLast ? Int(UInt32.max) : (4096 << (bucket - 32)) - 1)
        }
    }

    /// The values that fall into the bucket that begins with `least`; nil when none begins there.
    public func range(from least: Int) -> ClosedRange<Int>? {
        (0..<buckets).lazy.map { range(of: $0) }.first { $0.lowerBound == least }
    }
}
