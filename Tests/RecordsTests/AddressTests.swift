import PacketBuilder
import Records
import Testing

@Suite("Addresses and other texts")
struct AddressTests {
    @Test(
        "an address is written in canonical form",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("fe80:0:0:0:0:0:0:0", "fe80::"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::FFFF:c000:201", "::ffff:192.0.2.1"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("::192.0.2.1", "::192.0.2.1"), ("::2", "::2"),
            ("a:b:c:d:e:f:1.2.3.4", "a:b:c:d:e:f:102:304"),
        ])
    func canonicalText(_ text: String, _ canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", ":", ":::", "1::2::3", "12345::", "g::",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", ":1::2", "1::2:", "::1.2.3", "1.2.3.4::",
            "fe80::1%eth0",
            "::ffff:1.2.3.4:5", "1...2", "+1.2.3.4",
        ])
    func notAnAddress(_ text: String) { #expect(IPAddress(text) == nil) }

    @Test("random addresses survive the way to text and back")
    func roundTrip() {
        var random = SplitMix64(state: 5)
        for _ in 0..<20_000 {
            // Zero groups often, so that runs of them occur at all places.
            let groups = (0..<8).map { _ in
                Bool.random(using: &random) ? UInt64.random(in: 0...0xFFFF, using: &random) : 0
            }
            let halves = [groups[..<4], groups[4...]].map { $0.reduce(0) { $0 << 16 | $1 } }
            let address = IPAddress(v6High: halves[0], low: halves[1])
            #expect(IPAddress(address.description) == address)
            let short = IPAddress(v4: UInt32.random(in: 0...UInt32.max, using: &random))
            #expect(IPAddress(short.description) == short)
        }
    }

    @Test("a prefix holds its addresses and no others")
    func prefixes() throws {
        let net = try #require(IPPrefix("10.1.2.3/8"))
        #expect(net.description == "10.0.0.0/8" && net.last == IPAddress("10.255.255.255"))
        #expect(net.contains(IPAddress("10.255.0.1")!) && !net.contains(IPAddress("11.0.0.0")!))
        #expect(!net.contains(IPAddress("::10.0.0.1")!))
        let net6 = try #require(IPPrefix("2001:db8:ffff::/47"))
        #expect(net6.contains(IPAddress("2001:db8:fffe::1")!) && !net6.contains(IPAddress("2001:db8:fffd::1")!))
        #expect(IPPrefix("::/0")!.contains(IPAddress("ffff::")!) && !IPPrefix("::/0")!.contains(IPAddress("1.2.3.4")!))
        #expect(IPPrefix("0.0.0.0/0")!.contains(IPAddress("255.0.0.1")!))
        #expect(IPPrefix("2001:db8::1/128")!.description == "2001:db8::1")
        #expect(IPPrefix("2001:db8::1/65")!.last == IPAddress("2001:db8::7fff:ffff:ffff:ffff"))
        for wrong in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "/8", "10.0.0.0/8/8", "10/8"] {
            #expect(IPPrefix(wrong) == nil, "\(wrong)")
        }
    }

    @Test("Ethernet addresses are read in both usual forms")
    func macAddresses() {
        #expect(MACAddress("02:00:5e:10:00:01")?.description == "02:00:5e:10:00:01")
        #expect(MACAddress("02-00-5E-10-00-01") == MACAddress("2:0:5e:10:0:1"))
        for wrong in [
            "", "02:00:5e:10:00", "02:00:5e:10:00:01:02", "02:00:5e:10:00:g1", "0200.5e10.0001", "002:0:5e:10:0:1",
        ] {
            #expect(MACAddress(wrong) == nil, "\(wrong)")
        }
    }

    @Test("TCP flags read as tcpdump writes them")
    func tcpFlags() {
        #expect("\(TCPFlags.syn)" == "S")
        #expect("\(TCPFlags([.syn, .ack]))" == "S.")
        #expect("\(TCPFlags([.psh, .ack]))" == "P.")
        #expect("\(TCPFlags([.fin, .syn, .rst, .psh, .ack, .urg, .ece, .cwr, .ae]))" == "FSRP.UEWe")
        #expect("\(TCPFlags())" == "none")
    }

    @Test("a field is found by name and alias, whatever the case")
    func fieldNames() {
        #expect(Field(named: "HOPLIMIT") == .ttl && Field(named: "len") == .frameLength)
        #expect(Field(named: "nothing") == nil)
        let names = Field.allCases.flatMap { [$0.name] + $0.aliases }.map { $0.lowercased() }
        #expect(Set(names).count == names.count, "a name stands for two fields")
        for field in Field.allCases { #expect(!field.documentation.isEmpty, "\(field.name)") }
    }
}
