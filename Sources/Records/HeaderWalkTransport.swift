import CHdrlog

extension HeaderWalk {
    mutating func walkTransport(at offset: Int) {
        switch (layout.upperProtocol, layout.network) {
        case (IPProtocol.tcp, _): walkTCP(at: offset)
        case (IPProtocol.udp, _): walkUDP(at: offset)
        case (IPProtocol.udpLite, _): keep(.udpLite, 8, at: offset)
        case (IPProtocol.icmp, .ipv4): keep(.icmp, 8, at: offset)
        case (IPProtocol.icmpv6, .ipv6): keep(.icmpv6, 8, at: offset)
        case (IPProtocol.sctp, _): keep(.sctp, 12, at: offset)
        case (IPProtocol.gre, _): walkGRE(at: offset)
        case (IPProtocol.esp, _): keep(.esp, 8, at: offset)
        case (IPProtocol.ah, .ipv4): walkAH(at: offset)
        default: break
        }
    }

    /// Notes a transport header whose first `length` bytes are wanted.
    /// - Returns: whether they are all there; if not, the walk has ended with those that are.
    @discardableResult
    private mutating func keep(_ transport: HeaderLayout.Transport, _ length: Int, at offset: Int) -> Bool {
        layout.transport = transport
        layout.transportOffset = UInt16(offset)
        guard payloadEnd - offset >= length else {
            stop(missing(offset + length, of: packetEnd, HDRLOG_TRUNCATED_L4), keeping: max(offset, payloadEnd))
            return false
        }
        layout.end = UInt16(offset + length)
        return true
    }

    private mutating func walkTCP(at offset: Int) {
        guard keep(.tcp, 20, at: offset) else { return }
        let length = Int(bytes[offset + 12] >> 4) * 4
        guard length >= 20 else { return note(HDRLOG_BAD_DATA_OFFSET) }
        keepRest(length, at: offset, otherwise: HDRLOG_BAD_DATA_OFFSET)
    }

    /// Extends the kept bytes to a length that the header itself states.
    ///
    /// What the frame lacks is a truncation; what the IP payload lacks contradicts IP's own length.
    private mutating func keepRest(_ length: Int, at offset: Int, otherwise reason: hdrlog_malformed) {
        let end = offset + length
        if end > payloadEnd {
            let contradiction = end > frameLength ? HDRLOG_TRUNCATED_L4 : reason
            stop(missing(end, of: packetEnd, contradiction), keeping: payloadEnd)
        } else {
            layout.end = UInt16(end)
        }
    }

    private mutating func walkUDP(at offset: Int) {
        guard keep(.udp, 8, at: offset) else { return }
        let length = Int(bytes.uncheckedWord(offset + 4))
        // Not `payloadEnd`: of a record only the headers are there.
        if length < 8 || (!isFragment && offset + length > packetEnd) { note(HDRLOG_BAD_UDP_LENGTH) }
    }

    /// GRE (RFC 2784, 2890): checksum, key and sequence number follow as the flags say; version 1 is PPTP's (RFC 2637).
    private mutating func walkGRE(at offset: Int) {
        guard keep(.gre, 4, at: offset) else { return }
        keepRest(GREHeader.length(flags: bytes.uncheckedWord(offset)), at: offset, otherwise: HDRLOG_TRUNCATED_L4)
    }

    /// AH behind IPv4 (RFC 4302); what it protects is not walked.
    private mutating func walkAH(at offset: Int) {
        guard keep(.ah, 12, at: offset) else { return }
        let length = max((Int(bytes[offset + 1]) + 2) * 4, 12)
        keepRest(length, at: offset, otherwise: HDRLOG_TRUNCATED_L4)
    }
}

/// Where GRE's optional fields lie (RFC 2784, RFC 2890, RFC 2637).
enum GREHeader {
    /// Bytes of the header with these flags.
    static func length(flags: UInt16) -> Int {
        let optional: UInt16 = flags & 7 == 1 ? 0x3080 : 0xB000
        return 4 + 4 * (flags & optional).nonzeroBitCount
    }

    /// Offset of the key within the header, nil without one.
    static func keyOffset(flags: UInt16) -> Int? {
        guard flags & 0x2000 != 0 else { return nil }
        return flags & 7 != 1 && flags & 0x8000 != 0 ? 8 : 4
    }
}
