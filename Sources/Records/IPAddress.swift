/// An IPv4 or IPv6 address as a 128-bit value and a version.
///
/// An IPv4 address fills the low 32 bits. `::ffff:192.0.2.1` from the wire is an IPv6 address and differs from
/// the IPv4 address 192.0.2.1. Ordered by version, then by value.
public struct IPAddress: Hashable, Sendable {
    public enum Version: UInt8, Sendable {
        case v4 = 4
        case v6 = 6
    }

    /// The upper 64 bits in host byte order; 0 for IPv4.
    public let high: UInt64
    /// The lower 64 bits in host byte order.
    public let low: UInt64
    public let version: Version

    /// - Parameter v4: host byte order, 192.0.2.1 is 0xC0000201.
    @inlinable
    public init(v4: UInt32) {
        high = 0
        low = UInt64(v4)
        version = .v4
    }

    @inlinable
    public init(v6High high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        version = .v6
    }

    /// Bits of an address of this version: 32 or 128.
    @inlinable
    public var bitWidth: Int { version == .v4 ? 32 : 128 }

    /// An IPv4 address's value in host byte order, nil for IPv6.
    @inlinable
    public var v4Value: UInt32? { version == .v4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// The bytes as on the wire, 4 or 16 of them.
    public var wireBytes: [UInt8] {
        var all: [UInt8] = []
        if version == .v6 { withUnsafeBytes(of: high.bigEndian) { all += $0 } }
        withUnsafeBytes(of: low.bigEndian) { all += version == .v6 ? $0[...] : $0[4...] }
        return all
    }
}

extension IPAddress: Comparable {
    @inlinable
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        if left.version != right.version { return left.version == .v4 }
        return left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
