import CHdrlog
import Records

/// Byte offsets within `hdrlog_facts`.
enum Facts {
    static let source = offset(\.source)
    static let destination = offset(\.destination)
    static let destinationMac = offset(\.ethernet)
    static let sourceMac = offset(\.ethernet) + 6
    static let ifindex = offset(\.ifindex)
    static let frameLength = offset(\.frame_length)
    static let has = offset(\.has)
    static let etherType = offset(\.ethertype)
    static let vlan = offset(\.vlan)
    static let innerVlan = offset(\.inner_vlan)
    static let sourcePort = offset(\.source_port)
    static let destinationPort = offset(\.destination_port)
    static let tcpFlags = offset(\.tcp_flags)
    static let window = offset(\.window)
    static let fragment = offset(\.fragment)
    static let network = offset(\.network)
    static let ipProtocol = offset(\.protocol)
    static let ttl = offset(\.ttl)
    static let trafficClass = offset(\.traffic_class)
    static let icmpType = offset(\.icmp_type)
    static let icmpCode = offset(\.icmp_code)
    static let direction = offset(\.direction)
    static let malformed = offset(\.malformed)
    static let vlanCount = offset(\.vlan_count)
    static let action = offset(\.action)
    static let rule = offset(\.rule)
    static let rate = offset(\.rate)

    private static func offset(_ field: PartialKeyPath<hdrlog_facts>) -> Int {
        MemoryLayout<hdrlog_facts>.offset(of: field)!
    }
}

/// How an integer field is read from the facts.
struct FactsField {
    enum Need {
        case nothing
        /// Bits of `hdrlog_facts.has`.
        case has(hdrlog_has)
        case ip, ipv4
        /// Present unless the value is this.
        case not(UInt32)
    }

    var offset: Int
    var size: BPFInstruction.Size
    var need: Need
    var shift: Int32 = 0
    var mask: UInt32 = .max

    /// nil for a field that the kernel side does not know when rules run.
    init?(_ field: Field) {
        switch field {
        case .frameLength: self.init(Facts.frameLength, .word, .nothing)
        case .malformed: self.init(Facts.malformed, .byte, .nothing)
        case .vlanCount: self.init(Facts.vlanCount, .byte, .nothing)
        case .vlan: self.init(Facts.vlan, .half, .not(UInt32(HDRLOG_NO_TAG)))
        case .innerVlan: self.init(Facts.innerVlan, .half, .not(UInt32(HDRLOG_NO_TAG)))
        case .protocol: self.init(Facts.ipProtocol, .byte, .ip)
        case .ttl: self.init(Facts.ttl, .byte, .ip)
        case .dscp: self.init(Facts.trafficClass, .byte, .ip, shift: 2)
        case .ecn: self.init(Facts.trafficClass, .byte, .ip, mask: 3)
        case .sourcePort: self.init(Facts.sourcePort, .half, .has(HDRLOG_HAS_PORTS))
        case .destinationPort: self.init(Facts.destinationPort, .half, .has(HDRLOG_HAS_PORTS))
        case .tcpFlags: self.init(Facts.tcpFlags, .half, .has(HDRLOG_HAS_TCP))
        case .window: self.init(Facts.window, .half, .has(HDRLOG_HAS_TCP))
        case .icmpType: self.init(Facts.icmpType, .byte, .has(HDRLOG_HAS_ICMP))
        case .icmpCode: self.init(Facts.icmpCode, .byte, .has(HDRLOG_HAS_ICMP))
        case .fragmentOffset: self.init(Facts.fragment, .half, .has(HDRLOG_HAS_FRAGMENT), mask: 0x1FFF)
        case .moreFragments: self.init(Facts.fragment, .half, .has(HDRLOG_HAS_FRAGMENT), shift: 13, mask: 1)
        case .dontFragment: self.init(Facts.fragment, .half, .ipv4, shift: 14, mask: 1)
        case .reservedFlag: self.init(Facts.fragment, .half, .ipv4, shift: 15, mask: 1)
        default: return nil
        }
    }

    private init(
        _ offset: Int, _ size: BPFInstruction.Size, _ need: Need, shift: Int32 = 0, mask: UInt32 = .max
    ) {
        (self.offset, self.size, self.need, self.shift, self.mask) = (offset, size, need, shift, mask)
    }
}
