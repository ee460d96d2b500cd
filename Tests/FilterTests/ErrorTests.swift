import Filter
import Testing

@Suite("Errors")
struct ErrorTests {
    @Test(
        "an error tells the column and a remedy",
        arguments: [
            ("tpc port 80", 1, "did you mean \"tcp\"?"),
            ("tcp prot 80", 5, ""),
            ("host www.example.org", 6, "names are not resolved"),
            ("host 10.0.0.0/33", 6, "wrong prefix length?"),
            ("port 70000", 6, ""),
            ("port htps", 6, "did you mean \"https\"?"),
            ("tcp and", 8, ""),
            ("(tcp", 5, ""),
            ("tcp)", 4, ""),
            ("tcp host 10.0.0.1", 1, "write \"tcp and host …\""),
            ("ip port 80", 1, "write \"ip and port …\""),
            ("ttl < ", 7, ""),
            ("ttl < 300", 7, ""),
            ("dscp = fe", 8, "did you mean \"ef\"?"),
            ("ttll < 3", 1, "did you mean \"ttl\"?"),
            ("time > 5", 1, "use --since and --until for the time range"),
            ("tcp[tcpflag] = 2", 5, "did you mean \"tcpflags\"?"),
            ("tcp flags sin", 11, "did you mean \"syn\"?"),
            ("ip6 host 10.0.0.1", 10, ""),
            ("interface", 10, ""),
            ("vlan 5000", 6, ""),
            ("tcpOptions = 5", 1, "\"has tcpOptions\" asks whether it is there"),
            ("udp[8:4] = 7", 5, "what lies behind the header is not logged"),
            ("ether port 5", 7, ""),
            ("tcp # comment", 5, ""),
            ("interface \"eth0", 11, ""),
        ] as [(String, Int, String)])
    func errorsTellPlaceAndRemedy(_ expression: String, _ column: Int, _ hint: String) throws {
        let error = #expect(throws: FilterError.self) { try FilterExpression(parsing: expression) }
        #expect(error?.column == column, "\(expression): \(error!)")
        #expect(error?.hint == hint, "\(expression): \(error!)")
    }

    @Test("deep nesting is refused, not a crash")
    func deepNestingIsRefused() {
        let deep = String(repeating: "(", count: 5000) + "tcp" + String(repeating: ")", count: 5000)
        #expect(throws: FilterError.self) { try FilterExpression(parsing: deep) }
        #expect(throws: FilterError.self) {
            try FilterExpression(parsing: String(repeating: "not ", count: 3000) + "tcp")
        }
    }
}
