internal import CHdrlog
internal import Records

/// Which fields of a record's header bytes change from packet to packet and are therefore stored by column; all other
/// bytes are the flow's.
///
/// Decided by the encoder, stored with the flow, and followed blindly by the decoder: nothing is assumed of bytes
/// that the shape does not name.
struct HeaderShape: Equatable {
    enum Network: UInt8 {
        case other, ipv4, ipv6
    }

    enum Transport: UInt8 {
        case other, tcp, udp, icmp, esp
    }

    var network = Network.other
    var transport = Transport.other
    var networkOffset = 0
    var transportOffset = 0
    /// Header bytes that belong to the flow; TCP's options come behind them.
    var fixedLength = 0
    /// Bytes of the IP payload that lie before L4 (IPv6 extension headers): `transportOffset` minus the fixed header.
    var ports = false

    init(_ layout: HeaderLayout, captured: Int) {
        fixedLength = captured
        (networkOffset, transportOffset) = (Int(layout.networkOffset), Int(layout.transportOffset))
        if layout.network == .ipv4, captured >= networkOffset + 20 { network = .ipv4 }
        if layout.network == .ipv6, captured >= networkOffset + 40 { network = .ipv6 }
        guard network != .other else { return }
        let left = captured - transportOffset
        switch layout.transport {
        case .tcp where left >= 20:
            transport = .tcp
            fixedLength = transportOffset + 20
        case .udp where left >= 8, .udpLite where left >= 8: transport = .udp
        case .icmp where left >= 8, .icmpv6 where left >= 8: transport = .icmp
        case .esp where left >= 8: transport = .esp
        default: break
        }
        ports = transport == .tcp || transport == .udp
    }

    /// Reads what `code` and the offsets say.
    /// - Returns: nil when the fields do not lie within the fixed bytes.
    init?(code: UInt8, networkOffset: Int, transportOffset: Int, fixedLength: Int) {
        guard let network = Network(rawValue: code & 3), let transport = Transport(rawValue: code >> 2) else {
            return nil
        }
        (self.network, self.transport) = (network, transport)
        (self.networkOffset, self.transportOffset, self.fixedLength) = (networkOffset, transportOffset, fixedLength)
        ports = transport == .tcp || transport == .udp
        let networkLength = network == .ipv4 ? 20 : network == .ipv6 ? 40 : 0
        let transportLength = transport == .tcp ? 20 : transport == .other ? 0 : 8
        guard fixedLength <= Int(HDRLOG_MAX_CAPTURED), networkOffset + networkLength <= fixedLength else { return nil }
        guard transport == .other || (network != .other && transportOffset + transportLength <= fixedLength) else {
            return nil
        }
    }

    var code: UInt8 { network.rawValue | transport.rawValue << 2 }

    /// Where the two addresses begin, and the bytes of each.
    var addresses: (offset: Int, width: Int) {
        switch network {
        case .ipv4: (networkOffset + 12, 4)
        case .ipv6: (networkOffset + 8, 16)
        case .other: (0, 0)
        }
    }

    /// The protocol number for a pseudo-header. A wrong guess costs two bytes, as then the checksum is stored.
    @inline(__always)
    func ipProtocol(_ bytes: UnsafeRawPointer) -> UInt8 {
        if network == .ipv4 { return bytes.load(fromByteOffset: networkOffset + 9, as: UInt8.self) }
        return transport == .tcp ? 6 : transport == .udp ? 17 : 58
    }

    /// Clears the fields that are stored by column.
    @inline(__always)
    func clear(_ bytes: UnsafeMutableRawPointer) {
        switch network {
        case .ipv4:
            (bytes + networkOffset + 2).storeBytes(of: 0, as: UInt32.self)
            (bytes + networkOffset + 10).storeBytes(of: 0, as: UInt16.self)
        case .ipv6: (bytes + networkOffset + 4).storeBytes(of: 0, as: UInt16.self)
        case .other: return
        }
        let at = bytes + transportOffset
        switch transport {
        case .tcp:
            (at + 4).storeBytes(of: 0, as: UInt64.self)
            (at + 12).storeBytes(of: 0, as: UInt64.self)
        case .udp: (at + 4).storeBytes(of: 0, as: UInt32.self)
        case .icmp:
            (at + 2).storeBytes(of: 0, as: UInt16.self)
            (at + 4).storeBytes(of: 0, as: UInt32.self)
        case .esp: (at + 4).storeBytes(of: 0, as: UInt32.self)
        case .other: break
        }
    }
}
