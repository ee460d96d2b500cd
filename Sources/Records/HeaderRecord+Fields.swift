public import CHdrlog

extension HeaderRecord {
    /// Decodes one field.
    /// - Returns: nil when the header or the field is not in the captured bytes.
    public func value(of field: Field, _ layout: HeaderLayout) -> FieldValue? {
        switch field.source(in: HeaderKind(self, layout)) {
        case .absent: nil
        case .constant(let value): value
        case .noted: noted(field)
        case .place(let place): value(of: field, at: place, layout)
        case .tcpOption: tcpOptionBytes(layout).flatMap { TCPOptions($0).value(of: field) }
        case .computed: computed(field, layout)
        }
    }

    /// Decodes one field, walking the headers for it.
    public func value(of field: Field) -> FieldValue? { value(of: field, layout) }

    @inline(__always)
    private func value(of field: Field, at place: FieldPlace, _ layout: HeaderLayout) -> FieldValue? {
        let reader = PlaceReader(self, layout)
        return switch field.type {
        case .address: reader.address(place, layout.network == .ipv4 ? .v4 : .v6).map { .address($0) }
        case .mac: reader.mac(place).map { .mac($0) }
        case .boolean: reader.integer(place).map { .boolean($0 != 0) }
        default: reader.integer(place).map { .integer(UInt64($0)) }
        }
    }

    /// A field that the hook noted; nil for all others.
    @inlinable @inline(__always)
    public func noted(_ field: Field) -> FieldValue? {
        switch field {
        case .time: .time(time)
        case .interface: .interface(metadata.ifindex)
        case .direction: .direction(direction)
        case .frameLength: .integer(UInt64(metadata.frame_length))
        case .capturedLength: .integer(UInt64(metadata.captured))
        case .segments: .integer(UInt64(metadata.segments))
        case .rate: .integer(UInt64(metadata.rate))
        case .malformed: .integer(UInt64(metadata.malformed))
        default: nil
        }
    }

    /// Fields whose source is `computed`.
    private func computed(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        switch field {
        case .arpOperation, .arpSenderMac, .arpSenderAddress, .arpTargetMac, .arpTargetAddress:
            arpValue(field, layout)
        case .protocol: .integer(UInt64(layout.upperProtocol))
        case .headerChecksumValid, .ipOptions: ipv4Value(field, layout)
        case .extensionHeaders: .list(extensionHeaders(layout))
        case .spi, .spiSequence: securityValue(field, layout)
        case .checksum, .greKey: greValue(field, layout)
        case .tcpOptions: tcpOptionBytes(layout).map { .bytes($0) }
        case .restOfHeader: headers(layout).slice(at: Int(layout.transportOffset) + 4, length: 4).map { .bytes($0) }
        default: linkValue(field, layout)
        }
    }

    private func linkValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let outer = outerTag(layout)
        let inner = innerTag(layout)
        switch field {
        case .etherType: return layout.etherType >= EtherType.smallest ? .integer(UInt64(layout.etherType)) : nil
        case .vlanCount: return .integer(UInt64(layout.tagCount) + (metadata.vlan_tpid != 0 ? 1 : 0))
        case .vlanStripped: return .boolean(metadata.vlan_tpid != 0)
        case .vlan: return outer.map { .integer(UInt64($0.identifier)) }
        case .vlanTpid: return outer.map { .integer(UInt64($0.tpid)) }
        case .vlanPcp: return outer.map { .integer(UInt64($0.priority)) }
        case .vlanDei: return outer.map { .boolean($0.dropEligible) }
        case .innerVlan: return inner.map { .integer(UInt64($0.identifier)) }
        case .innerVlanTpid: return inner.map { .integer(UInt64($0.tpid)) }
        case .innerVlanPcp: return inner.map { .integer(UInt64($0.priority)) }
        case .innerVlanDei: return inner.map { .boolean($0.dropEligible) }
        default: return nil
        }
    }

    private func arpValue(_ field: Field, _ layout: HeaderLayout) -> FieldValue? {
        let bytes = headers(layout)
        let start = Int(layout.networkOffset)
        if field == .arpOperation { return bytes.word(at: start + 6).map { .integer(UInt64($0)) } }
        guard let hardware = bytes.byte(at: start + 4), let network = bytes.byte(at: start + 5) else { return nil }
        // Other addresses exist (RFC 826), but not as fields of these types.
        guard hardware == 6, network == 4 else { return nil }
        return switch field {
        case .arpSenderMac: mac(at: start + 8, layout)
        case .arpSenderAddress: address4(at: start + 14, layout)
        case .arpTargetMac: mac(at: start + 18, layout)
        case .arpTargetAddress: address4(at: start + 24, layout)
        default: nil
        }
    }

    func mac(at offset: Int, _ layout: HeaderLayout) -> FieldValue? {
        let bytes = headers(layout)
        guard let high = bytes.word(at: offset), let low = bytes.longWord(at: offset + 2) else { return nil }
        return .mac(MACAddress(UInt64(high) << 32 | UInt64(low)))
    }

    private func address4(at offset: Int, _ layout: HeaderLayout) -> FieldValue? {
        headers(layout).longWord(at: offset).map { .address(IPAddress(v4: $0)) }
    }
}
