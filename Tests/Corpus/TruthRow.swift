public import Records

/// Writes what the decoder reads of a frame in the columns of the corpus' ground truth.
public struct TruthRow {
    /// The columns that are compared, with tabs between them.
    public private(set) var text: [UInt8] = []
    private let record: HeaderRecord
    private let layout: HeaderLayout

    /// The columns, in order, up to the one before `agree`.
    public static let columns = [
        "frame.number", "frame.len", "frame.cap_len", "eth.type", "vlan.id", "ip.version", "ip.hdr_len", "ip.dsfield",
        "ip.len", "ip.id", "ip.flags.rb", "ip.flags.df", "ip.flags.mf", "ip.frag_offset", "ip.ttl", "ip.proto",
        "ip.checksum", "ip.src", "ip.dst", "ipv6.version", "ipv6.tclass", "ipv6.flow", "ipv6.plen", "ipv6.nxt",
        "ipv6.hlim", "ipv6.src", "ipv6.dst", "ipv6.upper", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw",
        "tcp.hdr_len", "tcp.flags", "tcp.window_size_value", "tcp.checksum", "tcp.urgent_pointer", "udp.srcport",
        "udp.dstport", "udp.length", "udp.checksum", "icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code", "eth.dst",
        "eth.src", "eth.len", "eth.payload_type", "vlan.tpid", "vlan.priority", "vlan.dei", "ipv6.frag.offset",
        "ipv6.frag.more", "ipv6.frag.ident", "l3", "l4",
    ]

    /// - Parameters:
    ///   - number: of the frame in its file, from 1.
    ///   - length: bytes of the frame on the wire.
    ///   - captured: bytes of it in the capture.
    public init(_ record: HeaderRecord, number: Int, length: Int, captured: Int) {
        self.record = record
        layout = record.layout
        add("\(number)")
        add("\(length)")
        add("\(captured)")
        addLink()
        addIPv4()
        addIPv6()
        addTCP()
        addOthers()
        addEthernet()
        addEnd()
    }

    private mutating func add(_ column: String) {
        if !text.isEmpty { text.append(9) }
        text += column.utf8
    }

    private func number(_ field: Field) -> UInt64? {
        switch record.value(of: field, layout) {
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }

    private mutating func decimal(_ field: Field, if wanted: Bool = true, times factor: UInt64 = 1) {
        add(wanted ? number(field).map { "\($0 * factor)" } ?? "" : "")
    }

    private mutating func hex(_ field: Field, digits: Int, if wanted: Bool = true) {
        add(wanted ? number(field).map { Self.hex($0, digits) } ?? "" : "")
    }

    private static func hex(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private mutating func value(_ field: Field, if wanted: Bool = true) {
        switch wanted ? record.value(of: field, layout) : nil {
        case .address(let address): add("\(address)")
        case .mac(let mac): add("\(mac)")
        default: add("")
        }
    }

    /// All tags in the bytes; the fields have the first two only.
    private var tags: [VLANTag] {
        func word(_ offset: Int) -> UInt16 { UInt16(record.bytes[offset]) << 8 | UInt16(record.bytes[offset + 1]) }
        return (0..<Int(layout.tagCount)).map { VLANTag(tpid: word(12 + 4 * $0), tci: word(14 + 4 * $0)) }
    }

    private mutating func addLink() {
        let first = layout.tagCount > 0 ? tags[0].tpid : layout.etherType
        add(layout.hasEthernet && first >= 0x600 ? Self.hex(UInt64(first), 4) : "")
        add(tags.map { "\($0.identifier)" }.joined(separator: "|"))
    }

    private mutating func addIPv4() {
        let is4 = layout.network == .ipv4
        decimal(.ipVersion, if: is4)
        decimal(.ihl, if: is4, times: 4)
        let traffic = number(.dscp).flatMap { dscp in number(.ecn).map { dscp << 2 | $0 } }
        add(is4 ? traffic.map { Self.hex($0, 2) } ?? "" : "")
        decimal(.totalLength)
        hex(.identification, digits: 4, if: is4)
        decimal(.reservedFlag)
        decimal(.dontFragment)
        decimal(.moreFragments, if: is4)
        decimal(.fragmentOffset, if: is4)
        decimal(.ttl, if: is4)
        decimal(.protocol, if: is4)
        hex(.headerChecksum, digits: 4)
        value(.source, if: is4)
        value(.destination, if: is4)
    }

    private mutating func addIPv6() {
        let is6 = layout.network == .ipv6
        decimal(.ipVersion, if: is6)
        let traffic = number(.dscp).flatMap { dscp in number(.ecn).map { dscp << 2 | $0 } }
        add(is6 ? traffic.map { Self.hex($0, 8) } ?? "" : "")
        hex(.flowLabel, digits: 6)
        decimal(.payloadLength)
        decimal(.nextHeader)
        decimal(.ttl, if: is6)
        value(.source, if: is6)
        value(.destination, if: is6)
        decimal(.protocol, if: is6)
    }

    private mutating func addTCP() {
        let isTCP = layout.transport == .tcp
        decimal(.sourcePort, if: isTCP)
        decimal(.destinationPort, if: isTCP)
        decimal(.sequence)
        decimal(.acknowledgment)
        decimal(.dataOffset, times: 4)
        hex(.tcpFlags, digits: 4)
        decimal(.window)
        hex(.checksum, digits: 4, if: isTCP)
        decimal(.urgentPointer)
    }

    private mutating func addOthers() {
        let isUDP = layout.transport == .udp || layout.transport == .udpLite
        decimal(.sourcePort, if: isUDP)
        decimal(.destinationPort, if: isUDP)
        decimal(.udpLength)
        hex(.checksum, digits: 4, if: isUDP)
        decimal(.icmpType, if: layout.transport == .icmp)
        decimal(.icmpCode, if: layout.transport == .icmp)
        decimal(.icmpType, if: layout.transport == .icmpv6)
        decimal(.icmpCode, if: layout.transport == .icmpv6)
    }

    private mutating func addEthernet() {
        value(.destinationMac)
        value(.sourceMac)
        add(layout.hasEthernet && layout.tagCount == 0 && layout.etherType < 0x600 ? "\(layout.etherType)" : "")
        hex(.etherType, digits: 4)
        add(tags.map { Self.hex(UInt64($0.tpid), 4) }.joined(separator: "|"))
        add(tags.map { "\($0.priority)" }.joined(separator: "|"))
        add(tags.map { $0.dropEligible ? "1" : "0" }.joined(separator: "|"))
    }

    private mutating func addEnd() {
        let is6 = layout.network == .ipv6
        decimal(.fragmentOffset, if: is6)
        decimal(.moreFragments, if: is6)
        hex(.identification, digits: 8, if: is6)
        add(layout.network == .none ? "" : "\(layout.network)")
        switch layout.transport {
        case .tcp, .udp, .icmp, .icmpv6: add("\(layout.transport)")
        case .udpLite: add("udplite")
        default: add("")
        }
    }

    /// Holds the row against the ground truth of its frame.
    /// - Returns: nil where the truth is not sure of itself (`agree` is 0); otherwise what differs, in words.
    public func differences(from truth: ArraySlice<UInt8>) -> String? {
        // The column behind the compared ones is `agree`.
        if truth.starts(with: text), truth.dropFirst(text.count + 1).first == UInt8(ascii: "1") { return "" }
        let expected = truth.split(separator: 9, omittingEmptySubsequences: false)
        guard expected[Self.columns.count].elementsEqual("1".utf8) else { return nil }
        let found = text.split(separator: 9, omittingEmptySubsequences: false)
        return Self.columns.indices.filter { found[$0] != expected[$0] }.map { column in
            let (has, should) = (String(decoding: found[column], as: UTF8.self), expected[column])
            return "\(Self.columns[column]) \(has) ≠ \(String(decoding: should, as: UTF8.self))"
        }.joined(separator: ", ")
    }
}
