public import CHdrlog

/// What one CPU counted of one flow in one generation of the counters: exact, whatever the sampling.
///
/// Several of one flow add up: counts are sums, times the first and the last, flags their OR.
public struct FlowRecord: BitwiseCopyable, Sendable {
    /// Addresses, ports, protocol, interface, direction and outer VLAN tag, as the kernel had them; without the CPU.
    public var key: hdrlog_flow_key
    /// Frames, wire packets, bytes, TCP flags and TTLs. Its times are the kernel's; see `first` and `last`.
    public var value: hdrlog_flow_value
    /// UTC, nanoseconds since 1970; a clock tick (up to 10 ms) exact.
    public var first: Int64
    /// Likewise, of the last frame.
    public var last: Int64

    /// - Parameter clockOffset: from CLOCK_MONOTONIC to UTC, in nanoseconds.
    public init(key: hdrlog_flow_key, value: hdrlog_flow_value, clockOffset: Int64) {
        self.key = key
        self.key.cpu = 0
        self.value = value
        first = Int64(bitPattern: value.first) &+ clockOffset
        last = Int64(bitPattern: value.last) &+ clockOffset
    }

    public var source: IPAddress { address(\.source) }
    public var destination: IPAddress { address(\.destination) }
    public var isIPv4: Bool { key.network == UInt8(HDRLOG_NETWORK_IPV4.rawValue) }
    public var direction: Direction { Direction(rawValue: key.direction) ?? .ingress }
    /// nil for frames without a tag.
    public var vlan: UInt16? { key.vlan == UInt16(HDRLOG_NO_TAG) ? nil : key.vlan }

    public var isICMP: Bool { key.protocol == IPProtocol.icmp || key.protocol == IPProtocol.icmpv6 }
    private var hasPorts: Bool { !isICMP && (key.source_port != 0 || key.destination_port != 0) }
    public var sourcePort: UInt16? { hasPorts ? key.source_port : nil }
    public var destinationPort: UInt16? { hasPorts ? key.destination_port : nil }
    /// ICMP keeps its type and code where others have their destination port.
    public var icmpType: UInt16? { isICMP ? key.destination_port >> 8 : nil }
    public var icmpCode: UInt16? { isICMP ? key.destination_port & 0xFF : nil }

    private func address(_ field: PartialKeyPath<hdrlog_flow_key>) -> IPAddress {
        let offset = MemoryLayout<hdrlog_flow_key>.offset(of: field)!
        return withUnsafeBytes(of: key) { bytes in
            if isIPv4 { return IPAddress(v4: UInt32(bigEndian: bytes.load(fromByteOffset: offset, as: UInt32.self))) }
            return IPAddress(
                v6High: UInt64(bigEndian: bytes.load(fromByteOffset: offset, as: UInt64.self)),
                low: UInt64(bigEndian: bytes.load(fromByteOffset: offset + 8, as: UInt64.self)))
        }
    }
}
