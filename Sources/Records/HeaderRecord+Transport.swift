extension HeaderRecord {
    /// Fields of the header behind IP; there is one.
    func transportValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        switch field {
        case .sourcePort: return sourcePort(layout).map { .integer(UInt64($0)) }
        case .destinationPort: return destinationPort(layout).map { .integer(UInt64($0)) }
        case .checksum: return checksum(layout)
        default: break
        }
        return switch layout.transport {
        case .tcp: tcpValue(field, layout)
        case .udp, .udpLite: field == .udpLength ? number(2, at: 4, layout) : nil
        case .sctp: field == .verificationTag ? number(4, at: 4, layout) : nil
        case .icmp, .icmpv6: icmpValue(field, layout)
        case .gre: greValue(field, layout)
        case .esp, .ah, .none: nil
        }
    }

    /// SPI and sequence number of AH or ESP; of the first if there are several.
    func securityValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let behind: Int? =
            switch layout.transport {
            case .ah: Int(layout.transportOffset) + 4
            case .esp: Int(layout.transportOffset)
            default: nil
            }
        guard let start = extensionOffset(of: IPProtocol.ah, layout).map({ $0 + 4 }) ?? behind else { return nil }
        return headers(layout).longWord(at: field == .spi ? start : start + 4).map { .integer(UInt64($0)) }
    }

    /// A big-endian number at an offset within the transport header.
    private func number(_ width: Int, at offset: Int, _ layout: HeaderLayout) -> FieldValue? {
        let (bytes, start) = (headers(layout), Int(layout.transportOffset) + offset)
        return switch width {
        case 1: bytes.byte(at: start).map { .integer(UInt64($0)) }
        case 2: bytes.word(at: start).map { .integer(UInt64($0)) }
        default: bytes.longWord(at: start).map { .integer(UInt64($0)) }
        }
    }

    private func checksum(_ layout: HeaderLayout) -> FieldValue? {
        switch layout.transport {
        case .tcp: holdsTCP(layout) ? number(2, at: 16, layout) : nil
        case .udp, .udpLite: number(2, at: 6, layout)
        case .icmp, .icmpv6: number(2, at: 2, layout)
        case .sctp: number(4, at: 8, layout)
        case .gre: greFlags(layout).map { $0 & 0x8007 == 0x8000 } == true ? number(2, at: 4, layout) : nil
        default: nil
        }
    }

    private func tcpValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        guard holdsTCP(layout) else { return nil }
        switch field {
        case .sequence: return number(4, at: 4, layout)
        case .acknowledgment: return number(4, at: 8, layout)
        case .dataOffset:
            return headers(layout).byte(at: Int(layout.transportOffset) + 12).map { .integer(UInt64($0 >> 4)) }
        case .tcpFlags: return tcpFlags(layout).map { .integer(UInt64($0.rawValue)) }
        case .window: return number(2, at: 14, layout)
        case .urgentPointer: return number(2, at: 18, layout)
        default: break
        }
        guard let raw = tcpOptionBytes(layout) else { return nil }
        if field == .tcpOptions { return .bytes(raw) }
        let options = TCPOptions(raw)
        return switch field {
        case .mss: options.mss.map { .integer(UInt64($0)) }
        case .windowScale: options.windowScale.map { .integer(UInt64($0)) }
        case .sackPermitted: options.sackPermitted ? .boolean(true) : nil
        case .tsVal: options.timestamps.map { .integer(UInt64($0.value)) }
        case .tsEcr: options.timestamps.map { .integer(UInt64($0.echoReply)) }
        default: nil
        }
    }

    /// The raw TCP options, nil without any.
    public func tcpOptionBytes(_ layout: HeaderLayout) -> UnsafeRawBufferPointer? {
        guard holdsTCP(layout) else { return nil }
        let (bytes, start) = (headers(layout), Int(layout.transportOffset))
        guard let offset = bytes.byte(at: start + 12) else { return nil }
        return bytes.slice(at: start + 20, length: Int(offset >> 4) * 4 - 20)
    }

    private func icmpValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        switch field {
        case .icmpType: return layout.end >= layout.transportOffset + 2 ? number(1, at: 0, layout) : nil
        case .icmpCode: return number(1, at: 1, layout)
        case .restOfHeader:
            return headers(layout).slice(at: Int(layout.transportOffset) + 4, length: 4).map { .bytes($0) }
        default: return nil
        }
    }

    private func greFlags(_ layout: HeaderLayout) -> UInt16? {
        headers(layout).word(at: Int(layout.transportOffset))
    }

    private func greValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        switch field {
        case .greFlags: return number(2, at: 0, layout)
        case .greProtocol: return number(2, at: 2, layout)
        case .greKey:
            guard let flags = greFlags(layout), let offset = GREHeader.keyOffset(flags: flags) else { return nil }
            return number(4, at: offset, layout)
        default: return nil
        }
    }
}
