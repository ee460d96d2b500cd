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
}
