/// What kind of value a field has.
public enum FieldType: Sendable, Hashable {
    /// Nanoseconds since 1970, UTC.
    case time
    /// An unsigned number.
    case integer
    /// An interface index in the record, a name to people.
    case interface
    /// `in` or `out`.
    case direction
    case address
    case mac
    case boolean
    /// Raw bytes, hexadecimal to people.
    case bytes
    /// A short list of protocol numbers.
    case list
}

extension Field {
    public var type: FieldType {
        switch self {
        case .time: .time
        case .interface: .interface
        case .direction: .direction
        case .source, .destination, .arpSenderAddress, .arpTargetAddress: .address
        case .sourceMac, .destinationMac, .arpSenderMac, .arpTargetMac: .mac
        case .vlanDei, .innerVlanDei, .vlanStripped, .reservedFlag, .dontFragment, .moreFragments,
            .headerChecksumValid, .sackPermitted:
            .boolean
        case .ipOptions, .tcpOptions, .restOfHeader: .bytes
        case .extensionHeaders: .list
        default: .integer
        }
    }

    /// The largest value that an integer field can have; `UInt64.max` for other types.
    public var maximum: UInt64 {
        guard type == .integer else { return .max }
        return switch self {
        case .vlanPcp, .innerVlanPcp: 7
        case .vlan, .innerVlan: 4095
        case .ecn: 3
        case .dscp: 63
        case .ipVersion, .dataOffset, .ihl: 15
        case .tcpFlags: 0xFFF
        case .fragmentOffset: 0x1FFF
        case .flowLabel: 0xFFFFF
        case .vlanCount, .protocol, .ttl, .nextHeader, .icmpType, .icmpCode, .windowScale, .malformed: 255
        case .frameLength, .rate, .identification, .sequence, .acknowledgment, .tsVal, .tsEcr, .verificationTag,
            .greKey, .spi, .spiSequence, .checksum:
            0xFFFF_FFFF
        default: 0xFFFF
        }
    }
}
