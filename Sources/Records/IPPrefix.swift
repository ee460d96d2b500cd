/// A CIDR prefix: all addresses that share the first `length` bits of `address`.
public struct IPPrefix: Hashable, Sendable {
    /// The prefix's first address: bits behind `length` are zero.
    public let address: IPAddress
    /// 0–32 for IPv4, 0–128 for IPv6.
    public let length: Int

    /// - Returns: nil when the length does not fit the address's version. Host bits are cleared.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.bitWidth).contains(length) else { return nil }
        let mask = Self.mask(length, of: address.version)
        self.length = length
        self.address = Self.masked(address, mask)
    }

    /// The prefix that holds just this address.
    public init(_ address: IPAddress) {
        self.address = address
        length = address.bitWidth
    }

    @inlinable
    public func contains(_ other: IPAddress) -> Bool {
        guard other.version == address.version else { return false }
        let mask = Self.mask(length, of: other.version)
        return other.high & mask.high == address.high && other.low & mask.low == address.low
    }

    public var isHost: Bool { length == address.bitWidth }

    /// The prefix's last address.
    public var last: IPAddress {
        let mask = Self.mask(length, of: address.version)
        if address.version == .v4 { return IPAddress(v4: UInt32(address.low | (~mask.low & 0xFFFF_FFFF))) }
        return IPAddress(v6High: address.high | ~mask.high, low: address.low | ~mask.low)
    }

    /// The network mask as two host-order halves; IPv4's lies in the lower 32 bits.
    @inlinable
    public static func mask(_ length: Int, of version: IPAddress.Version) -> (high: UInt64, low: UInt64) {
        if version == .v4 { return (0, (UInt64.max << UInt64(32 - length)) & 0xFFFF_FFFF) }
        let high = length >= 64 ? UInt64.max : length == 0 ? 0 : UInt64.max << UInt64(64 - length)
        let low = length <= 64 ? 0 : UInt64.max << UInt64(128 - length)
        return (high, low)
    }

    private static func masked(_ address: IPAddress, _ mask: (high: UInt64, low: UInt64)) -> IPAddress {
        if address.version == .v4 { return IPAddress(v4: UInt32(address.low & mask.low)) }
        return IPAddress(v6High: address.high & mask.high, low: address.low & mask.low)
    }
}

extension IPPrefix: LosslessStringConvertible {
    /// `192.0.2.0/24`; a whole address is written without its length.
    public var description: String { isHost ? address.description : "\(address)/\(length)" }

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`; nil for anything else. Host bits may be set and are cleared.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]) else { return nil }
        self.init(address, length: length)
    }
}
