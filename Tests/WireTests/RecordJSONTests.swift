import CHdrlog
import PacketBuilder
import Records
import Testing
import Wire

@Suite("Records as JSON")
struct RecordJSONTests {
    private static func json(
        _ packet: Packet, fields: [Field]? = nil, raw: Bool = false, interface: String = "eth0"
    ) throws -> JSONObject {
        var encoder = RecordJSONEncoder(fields: fields, raw: raw)
        packet.withRecord(time: -5) { encoder.append($0, $0.layout, interface: interface) }
        return try JSONValue(parsing: Array(encoder.bytes)).object!
    }

    @Test("every field that the record has is there with its value, and no other")
    func complete() throws {
        let packets = [
            Packet(.ethernet(), .vlan(7), .ipv4(options: [1, 1, 1, 0]), .tcp(options: [2, 4, 5, 0xB4])),
            Packet(.ethernet(), .ipv6(), .extensionHeader(), .fragment(), .udp(), .payload(3)),
            Packet(.ethernet(), .arp()), Packet(.ethernet(), .ipv4(), .esp()),
            Packet(.ethernet(), .ipv4(), .gre(key: 5)),
        ]
        for packet in packets {
            let object = try Self.json(packet)
            packet.withRecord(time: -5) { record in
                for field in Field.allCases {
                    let value = record.value(of: field)
                    #expect((object[field.name] != nil) == (value != nil), "\(field)")
                    guard let value, let told = object[field.name] else { continue }
                    #expect(told == Self.expected(value), "\(field)")
                }
            }
        }
    }

    @Test("of a record that is cut anywhere each field that is left is there, and no other")
    func cut() throws {
        let packets = [
            Packet(.ethernet(), .vlan(7), .vlan(8), .ipv4(options: [1, 1, 1, 0]), .tcp(options: [2, 4, 5, 0xB4])),
            Packet(.ethernet(), .ipv6(), .extensionHeader(), .fragment(), .udp()),
            Packet(.ipv4(), .tcp(options: [8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1])), Packet(.ipv6(), .esp()),
            Packet(.ethernet(), .ipv6(), .udp()), Packet(.ethernet(), .ipv4(), .icmp()),
            Packet(.ethernet(), .ipv4(), .gre(key: 5)),
        ]
        // One encoder: the plans of one record serve the next ones.
        var encoder = RecordJSONEncoder()
        for packet in packets {
            let isRaw = packet.bytes[0] >> 4 == 4 || packet.bytes[0] >> 4 == 6
            for length in 0...packet.bytes.count {
                for tag in [nil, VLANTag(tpid: 0x8100, tci: 0x3005)] {
                    let link = isRaw ? HDRLOG_LINK_RAW_IP : HDRLOG_LINK_ETHERNET
                    try packet.withRecord(linkType: link, strippedTag: tag) { whole in
                        var record = whole
                        record.bytes = UnsafeRawBufferPointer(rebasing: whole.bytes.prefix(length))
                        encoder.removeAll()
                        encoder.append(record, record.layout, interface: "eth0")
                        let object = try JSONValue(parsing: Array(encoder.bytes)).object!
                        let wanted = Field.allCases.filter { record.value(of: $0) != nil }
                        #expect(object.members.map(\.key) == wanted.map(\.name))
                        for field in wanted { #expect(object[field.name] == Self.expected(record.value(of: field)!)) }
                    }
                }
            }
        }
    }

    @Test("lines are the same objects, each with a line feed behind it")
    func lines() throws {
        var elements = RecordJSONEncoder()
        var lines = RecordJSONEncoder(as: .lines)
        for packet in [Packet(.ethernet(), .arp()), Packet(.ethernet(), .ipv4(), .udp()), Packet(.ethernet())] {
            packet.withRecord { record in
                elements.append(record, record.layout, interface: "eth0")
                lines.append(record, record.layout, interface: "eth0")
            }
        }
        let objects = try JSONValue(parsing: Array("[".utf8) + Array(elements.bytes) + Array("]".utf8)).array!
        try lines.withLines { lines throws in
            #expect(lines.count == 3)
            #expect(try lines.map { try JSONValue(parsing: Array($0)) } == objects)
            #expect(Array(lines.bytes) == lines.flatMap { Array($0) + [0x0A] })
        }
    }

    /// The JSON form, written the slow way.
    private static func expected(_ value: FieldValue) -> JSONValue {
        switch value {
        case .time(let time): .integer(time)
        case .integer(let number): .integer(Int64(number))
        case .interface: .string("eth0")
        case .direction(let direction): .string("\(direction.name)")
        case .address(let address): .string(address.description)
        case .mac(let address): .string(address.description)
        case .boolean(let flag): .bool(flag)
        case .bytes(let bytes):
            .string(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        case .list(let list): .array(list.map { .integer(Int64($0)) })
        }
    }

    @Test("chosen fields come in the order of the choice")
    func chosen() throws {
        let object = try Self.json(
            Packet(.ethernet(), .ipv4(), .tcp(to: 443)), fields: [.destinationPort, .udpLength, .interface])
        #expect(object.members.map(\.key) == ["destinationPort", "interface"])
    }

    @Test("a record with none of the chosen fields is an empty object")
    func none() throws { #expect(try Self.json(Packet(.ethernet(), .arp()), fields: [.sourcePort]).members.isEmpty) }

    @Test("raw adds the header bytes")
    func raw() throws {
        let packet = Packet(.ethernet(), .ipv4(), .udp(), .payload(9))
        let object = try Self.json(packet, fields: [], raw: true)
        #expect(object["linkType"] == .integer(0))
        #expect(object["headers"]?.string?.count == 2 * (14 + 20 + 8))
    }

    @Test("an interface's name cannot break the JSON")
    func names() throws {
        let name = "a\"b\\c\u{1}\u{7F}\0"
        #expect(
            try Self.json(Packet(.ethernet(), .arp()), fields: [.interface], interface: name)["interface"]
                == .string(name))
    }

    @Test("numbers of every length are written right")
    func decimals() throws {
        var value: UInt32 = 0
        let packet = Packet(.ethernet(), .ipv4(), .tcp())
        for step in 0..<33 {
            try packet.withRecord { record throws in
                var record = record
                record.metadata.rate = value
                var encoder = RecordJSONEncoder(fields: [.rate])
                encoder.append(record, record.layout, interface: "")
                #expect(try JSONValue(parsing: Array(encoder.bytes)).object?["rate"] == .integer(Int64(value)))
            }
            value = UInt32(truncatingIfNeeded: UInt64(1) << UInt64(step)) &- (step % 2 == 0 ? 1 : 0)
        }
    }

    @Test("times of every length are written right")
    func times() throws {
        let powers = (0..<19).map { (0..<$0).reduce(Int64(1)) { power, _ in 10 * power } }
        let around = powers.flatMap { [$0 - 1, $0, $0 + 1, $0 / 9 * 8] } + [.max, .min, 1_700_000_000_123_456_789]
        for time in around + around.map({ 0 &- $0 }) {
            try Packet(.ethernet(), .arp()).withRecord(time: time) { record throws in
                var encoder = RecordJSONEncoder(fields: [.time])
                encoder.append(record, record.layout, interface: "")
                #expect(String(decoding: encoder.bytes, as: UTF8.self) == "{\"time\":\(time)}")
            }
        }
    }
}
