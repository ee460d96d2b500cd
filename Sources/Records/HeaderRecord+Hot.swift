public import CHdrlog

/// Typed accessors for the fields that ingest, filters and aggregation read most. `nil`: the header or field is not
/// in the captured bytes.
extension HeaderRecord {
    /// Walks the header bytes; keep the result while several fields of the record are read.
    @inlinable
    public var layout: HeaderLayout { HeaderLayout(self) }

    @inlinable public var frameLength: UInt32 { metadata.frame_length }

    @inlinable public var direction: Direction { metadata.direction == 0 ? .ingress : .egress }

    /// The header bytes as far as the walk went.
    @inlinable @inline(__always)
    func headers(_ layout: HeaderLayout) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.baseAddress, count: Swift.min(Int(layout.end), bytes.count))
    }

    @inlinable
    public func source(_ layout: HeaderLayout) -> IPAddress? {
        switch layout.network {
        case .ipv4: headers(layout).longWord(at: Int(layout.networkOffset) + 12).map(IPAddress.init(v4:))
        case .ipv6: address6(at: Int(layout.networkOffset) + 8, layout)
        default: nil
        }
    }

    @inlinable
    public func destination(_ layout: HeaderLayout) -> IPAddress? {
        switch layout.network {
        case .ipv4: headers(layout).longWord(at: Int(layout.networkOffset) + 16).map(IPAddress.init(v4:))
        case .ipv6: address6(at: Int(layout.networkOffset) + 24, layout)
        default: nil
        }
    }

    /// IPv4's two addresses in host byte order, in one load; nil without an IPv4 header.
    @inlinable
    public func ipv4Addresses(_ layout: HeaderLayout) -> (source: UInt32, destination: UInt32)? {
        guard layout.network == .ipv4, let both = headers(layout).quadWord(at: Int(layout.networkOffset) + 12) else {
            return nil
        }
        return (UInt32(truncatingIfNeeded: both >> 32), UInt32(truncatingIfNeeded: both))
    }

    /// Both ports in host byte order, in one load; nil without a header that has them.
    @inlinable
    public func ports(_ layout: HeaderLayout) -> (source: UInt16, destination: UInt16)? {
        guard layout.transport.hasPorts, let both = headers(layout).longWord(at: Int(layout.transportOffset)) else {
            return nil
        }
        return (UInt16(truncatingIfNeeded: both >> 16), UInt16(truncatingIfNeeded: both))
    }

    @inlinable
    func address6(at offset: Int, _ layout: HeaderLayout) -> IPAddress? {
        let bytes = headers(layout)
        guard let high = bytes.quadWord(at: offset), let low = bytes.quadWord(at: offset + 8) else { return nil }
        return IPAddress(v6High: high, low: low)
    }

    /// IPv4's protocol, or the one behind IPv6's extension headers.
    @inlinable
    public func ipProtocol(_ layout: HeaderLayout) -> UInt8? { layout.isIP ? layout.upperProtocol : nil }

    @inlinable
    public func sourcePort(_ layout: HeaderLayout) -> UInt16? {
        layout.transport.hasPorts ? headers(layout).word(at: Int(layout.transportOffset)) : nil
    }

    @inlinable
    public func destinationPort(_ layout: HeaderLayout) -> UInt16? {
        layout.transport.hasPorts ? headers(layout).word(at: Int(layout.transportOffset) + 2) : nil
    }

    /// All twelve flag bits.
    @inlinable
    public func tcpFlags(_ layout: HeaderLayout) -> TCPFlags? {
        guard holdsTCP(layout) else { return nil }
        return headers(layout).word(at: Int(layout.transportOffset) + 12).map { TCPFlags(rawValue: $0 & 0xFFF) }
    }

    /// Whether TCP's whole fixed header is there: of a cut one only the ports are told, as other decoders do.
    @inlinable
    func holdsTCP(_ layout: HeaderLayout) -> Bool {
        layout.transport == .tcp && layout.end >= layout.transportOffset + 20
    }

    /// IPv4's TTL or IPv6's hop limit.
    @inlinable
    public func ttl(_ layout: HeaderLayout) -> UInt8? {
        switch layout.network {
        case .ipv4: headers(layout).byte(at: Int(layout.networkOffset) + 8)
        case .ipv6: headers(layout).byte(at: Int(layout.networkOffset) + 7)
        default: nil
        }
    }

    /// The outermost VLAN tag, one that the hardware took off included.
    @inlinable
    public func outerTag(_ layout: HeaderLayout) -> VLANTag? {
        if metadata.vlan_tpid != 0 { return VLANTag(tpid: metadata.vlan_tpid, tci: metadata.vlan_tci) }
        return inBandTag(0, layout)
    }

    /// The tag behind the outermost one.
    @inlinable
    public func innerTag(_ layout: HeaderLayout) -> VLANTag? {
        inBandTag(metadata.vlan_tpid != 0 ? 0 : 1, layout)
    }

    @inlinable
    func inBandTag(_ index: Int, _ layout: HeaderLayout) -> VLANTag? {
        guard index < Int(layout.tagCount) else { return nil }
        let bytes = headers(layout)
        guard let tpid = bytes.word(at: 12 + 4 * index), let tci = bytes.word(at: 14 + 4 * index) else { return nil }
        return VLANTag(tpid: tpid, tci: tci)
    }
}

/// A VLAN tag: TPID and TCI in host byte order.
public struct VLANTag: Hashable, Sendable {
    public var tpid: UInt16
    public var tci: UInt16

    @inlinable
    public init(tpid: UInt16, tci: UInt16) {
        self.tpid = tpid
        self.tci = tci
    }

    @inlinable public var identifier: UInt16 { tci & 0xFFF }
    @inlinable public var priority: UInt8 { UInt8(truncatingIfNeeded: tci >> 13) }
    @inlinable public var dropEligible: Bool { tci & 0x1000 != 0 }
}
