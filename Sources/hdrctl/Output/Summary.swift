internal import Records

/// A record in words: who to whom, and what tcpdump would say of it.
struct Summary {
    let protocolName: String
    let source: String
    let destination: String
    let information: String

    init(_ record: RecordView) {
        let number = record.number(.protocol).map { UInt8(truncatingIfNeeded: $0) }
        protocolName = Self.protocolName(record, number)
        source = Self.endpoint(record, [.source, .arpSenderAddress, .sourceMac], .sourcePort)
        destination = Self.endpoint(record, [.destination, .arpTargetAddress, .destinationMac], .destinationPort)
        information = Self.information(record).joined(separator: " ")
    }

    private static func protocolName(_ record: RecordView, _ number: UInt8?) -> String {
        if record.json(.arpOperation) != nil { return "ARP" }
        guard let number else {
            return record.number(.etherType).map { type in
                EtherType.name(of: UInt16(truncatingIfNeeded: type)).map { "\($0)".uppercased() } ?? hexadecimal(type)
            } ?? "LLC"
        }
        return IPProtocol.name(of: number).map { "\($0)".uppercased() } ?? "IP/\(number)"
    }

    private static func endpoint(_ record: RecordView, _ fields: [Field], _ port: Field) -> String {
        guard let field = fields.first(where: { record.json($0) != nil }), let address = record.text(field) else {
            return "-"
        }
        guard let port = record.text(port) else { return address }
        return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }

    private static func information(_ record: RecordView) -> [String] {
        var words: [String] = []
        if let vlan = record.text(.vlan) { words.append("vlan \(vlan)") }
        if let inner = record.text(.innerVlan) { words.append("vlan \(inner)") }
        words += transport(record)
        if record.number(.fragmentOffset) ?? 0 > 0 || record.text(.moreFragments) == "true" {
            words.append("frag \(8 * (record.number(.fragmentOffset) ?? 0))")
        }
        if let rate = record.number(.rate), rate > 1 { words.append("1:\(rate)") }
        if let reason = record.number(.malformed), reason > 0 {
            words.append(MalformedReason(rawValue: UInt8(truncatingIfNeeded: reason)).map { "!\($0)" } ?? "!malformed")
        }
        return words
    }

    private static func transport(_ record: RecordView) -> [String] {
        if let flags = record.number(.tcpFlags) { return tcp(record, flags) }
        if let length = record.number(.udpLength) { return ["payload \(max(0, length - 8))"] }
        if let type = record.text(.icmpType) { return ["type \(type) code \(record.text(.icmpCode) ?? "-")"] }
        if let operation = record.number(.arpOperation) {
            return [operation == 1 ? "request" : operation == 2 ? "reply" : "operation \(operation)"]
        }
        if let spi = record.number(.spi) { return ["spi \(hexadecimal(spi))"] }
        if let next = record.number(.greProtocol) { return ["carries \(hexadecimal(next))"] }
        return []
    }

    private static func tcp(_ record: RecordView, _ flags: Int64) -> [String] {
        var words = ["[\(TCPFlags(rawValue: UInt16(truncatingIfNeeded: flags)))]"]
        if let sequence = record.text(.sequence) { words.append("seq \(sequence)") }
        if flags & 0x10 != 0, let acknowledgment = record.text(.acknowledgment) {
            words.append("ack \(acknowledgment)")
        }
        if let window = record.text(.window) { words.append("win \(window)") }
        if let mss = record.text(.mss) { words.append("mss \(mss)") }
        return words
    }

    private static func hexadecimal(_ value: Int64) -> String { "0x" + String(value, radix: 16) }
}
