extension HeaderRecord {
    /// Fields of IPv4 and IPv6; there is an IP header.
    func networkValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        switch field {
        case .ipVersion: .integer(layout.network == .ipv4 ? 4 : 6)
        case .source: source(layout).map { .address($0) }
        case .destination: destination(layout).map { .address($0) }
        case .protocol: .integer(UInt64(layout.upperProtocol))
        case .ttl: ttl(layout).map { .integer(UInt64($0)) }
        case .dscp: trafficClass(layout).map { .integer(UInt64($0 >> 2)) }
        case .ecn: trafficClass(layout).map { .integer(UInt64($0 & 3)) }
        default: layout.network == .ipv4 ? ipv4Value(field, layout) : ipv6Value(field, layout)
        }
    }

    /// IPv4's former TOS byte, IPv6's traffic class.
    private func trafficClass(_ layout: HeaderLayout) -> UInt8? {
        let (bytes, start) = (headers(layout), Int(layout.networkOffset))
        if layout.network == .ipv4 { return bytes.byte(at: start + 1) }
        return bytes.word(at: start).map { UInt8(truncatingIfNeeded: $0 >> 4) }
    }

    private func ipv4Value(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let (bytes, start) = (headers(layout), Int(layout.networkOffset))
        let flags = bytes.word(at: start + 6)
        switch field {
        case .ihl: return bytes.byte(at: start).map { .integer(UInt64($0 & 0xF)) }
        case .totalLength: return bytes.word(at: start + 2).map { .integer(UInt64($0)) }
        case .identification: return bytes.word(at: start + 4).map { .integer(UInt64($0)) }
        case .reservedFlag: return flags.map { .boolean($0 & 0x8000 != 0) }
        case .dontFragment: return flags.map { .boolean($0 & 0x4000 != 0) }
        case .moreFragments: return flags.map { .boolean($0 & 0x2000 != 0) }
        case .fragmentOffset: return flags.map { .integer(UInt64($0 & 0x1FFF)) }
        case .headerChecksum: return bytes.word(at: start + 10).map { .integer(UInt64($0)) }
        case .headerChecksumValid:
            guard layout.networkLength > 0 else { return nil }
            let header = bytes.slice(at: start, length: Int(layout.networkLength))
            return header.map { .boolean(InternetChecksum.sum($0) == 0xFFFF) }
        case .ipOptions:
            return bytes.slice(at: start + 20, length: Int(layout.networkLength) - 20).map { .bytes($0) }
        default: return nil
        }
    }

    private func ipv6Value(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let (bytes, start) = (headers(layout), Int(layout.networkOffset))
        switch field {
        case .flowLabel: return bytes.longWord(at: start).map { .integer(UInt64($0 & 0xFFFFF)) }
        case .payloadLength: return bytes.word(at: start + 4).map { .integer(UInt64($0)) }
        case .nextHeader: return bytes.byte(at: start + 6).map { .integer(UInt64($0)) }
        case .extensionHeaders: return .list(extensionHeaders(layout))
        case .identification, .moreFragments, .fragmentOffset:
            return layout.fragmentOffset != 0 ? fragmentValue(field, layout) : nil
        default: return nil
        }
    }

    private func fragmentValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let (bytes, start) = (headers(layout), Int(layout.fragmentOffset))
        switch field {
        case .identification: return bytes.longWord(at: start + 4).map { .integer(UInt64($0)) }
        case .moreFragments: return bytes.word(at: start + 2).map { .boolean($0 & 1 != 0) }
        case .fragmentOffset: return bytes.word(at: start + 2).map { .integer(UInt64($0 >> 3)) }
        default: return nil
        }
    }

    /// The chain of extension headers that the walk stepped over.
    public func extensionHeaders(_ layout: HeaderLayout) -> ProtocolList {
        var list = ProtocolList()
        visitExtensions(layout) { type, _ in
            list.append(type)
            return true
        }
        return list
    }

    /// Where the first extension header of a type begins, nil without one.
    func extensionOffset(of wanted: UInt8, _ layout: HeaderLayout) -> Int? {
        var found: Int?
        visitExtensions(layout) { type, offset in
            if type == wanted { found = offset }
            return found == nil
        }
        return found
    }

    /// Calls `body` with the type and the offset of each extension header, until it returns false.
    private func visitExtensions(_ layout: HeaderLayout, _ body: (UInt8, Int) -> Bool) {
        let bytes = headers(layout)
        var offset = Int(layout.networkOffset) + 40
        guard layout.extensionCount > 0, var type = bytes.byte(at: offset - 34) else { return }
        for _ in 0..<layout.extensionCount {
            guard let next = bytes.byte(at: offset), let field = bytes.byte(at: offset + 1) else { return }
            guard body(type, offset) else { return }
            offset += IPProtocol.extensionLength(of: type, lengthField: field)
            type = next
        }
    }
}
