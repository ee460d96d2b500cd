import ArgumentParser
import Testing

@testable import hdrctl

@Suite("Options become one filter")
struct FilterOptionsTests {
    @Test(
        "options and expression are joined",
        arguments: [
            ([], ""),
            (["--proto", "tcp"], "tcp"),
            (["--proto", "47"], "proto 47"),
            (["--proto", "tcp", "--proto", "icmpv6"], "(tcp or icmp6)"),
            (["--src", "10.0.0.0/8", "--dst", "2001:db8::1"], "src net 10.0.0.0/8 and dst host 2001:db8::1"),
            (["--port", "443"], "port 443"),
            (["--sport", "8000-8999", "--dport", "domain"], "src portrange 8000-8999 and dst port domain"),
            (["--interface", "eth*"], "interface \"eth*\""),
            (["tcp", "port", "80"], "tcp port 80"),
            (["--host", "192.0.2.1", "syn or rst"], nil),
            (["--host", "192.0.2.1", "ttl < 5 or udp"], "host 192.0.2.1 and (ttl < 5 or udp)"),
        ] as [([String], String?)])
    func folding(_ arguments: [String], _ expected: String?) throws {
        let options = try FilterOptions.parse(arguments)
        if let expected {
            #expect(try options.text() == expected)
        } else {
            #expect(throws: Failure.self) { try options.text() }
        }
    }

    @Test(
        "a wrong value is told with its option",
        arguments: [
            (["--host", "10.0.0.0/33"], "--host \"10.0.0.0/33\": not a CIDR prefix"),
            (["--src", "10.0.0"], "--src \"10.0.0\": not an address"),
            (["--dst", "example.org"], "--dst \"example.org\": not an address"),
            (["--port", "65536"], "--port \"65536\": not a port"),
            (["--port", "9-1 or tcp"], "--port \"9-1 or tcp\": not a port"),
            (["--proto", "tcpp"], "--proto \"tcpp\": not a protocol"),
            (["--interface", "a\"b'c"], "--interface"),
        ])
    func refused(_ arguments: [String], _ expected: String) throws {
        let options = try FilterOptions.parse(arguments)
        let failure = #expect(throws: Failure.self) { try options.text() }
        #expect(failure?.message.hasPrefix(expected) == true, "\(failure?.message ?? "")")
        #expect(failure?.status == .usage)
    }

    @Test("a wrong expression is marked where it is wrong")
    func mark() throws {
        let failure = #expect(throws: Failure.self) { try FilterOptions.parse(["tcp", "prot", "80"]).text() }
        #expect(failure?.message.hasSuffix("tcp prot 80\n    ^") == true, "\(failure?.message ?? "")")
    }
}
