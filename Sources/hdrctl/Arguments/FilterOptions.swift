internal import ArgumentParser
internal import Filter
internal import Records

/// The filter: an expression, and options that are short for parts of one. All become one text, which the daemon reads.
struct FilterOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The filter, in the language of hdrlog-filter(7).", valueName: "expression"))
    var expression: [String] = []

    @Option(help: ArgumentHelp("tcp, udp, icmp, icmp6, arp, … or a number.", valueName: "protocol"))
    var proto: [String] = []

    @Option(help: ArgumentHelp("Source address or CIDR prefix.", valueName: "address"))
    var src: [String] = []

    @Option(help: ArgumentHelp("Destination address or CIDR prefix.", valueName: "address"))
    var dst: [String] = []

    @Option(help: ArgumentHelp("Source or destination address or CIDR prefix.", valueName: "address"))
    var host: [String] = []

    @Option(help: ArgumentHelp("Source or destination port, name or range 8000-8999.", valueName: "port"))
    var port: [String] = []

    @Option(help: ArgumentHelp("Source port, name or range.", valueName: "port"))
    var sport: [String] = []

    @Option(help: ArgumentHelp("Destination port, name or range.", valueName: "port"))
    var dport: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Interface name or glob.", valueName: "name"))
    var interface: [String] = []

    /// One expression; an option that is given several times holds if one of its values does.
    /// - Throws: `Failure` with the place of the first mistake.
    func text() throws -> String {
        var parts = try [
            Self.any(proto, Self.protocolTerm), Self.any(src) { try Self.address($0, "src ", "--src") },
            Self.any(dst) { try Self.address($0, "dst ", "--dst") },
            Self.any(host) { try Self.address($0, "", "--host") },
            Self.any(port) { try Self.ports($0, "", "--port") },
            Self.any(sport) { try Self.ports($0, "src ", "--sport") },
            Self.any(dport) { try Self.ports($0, "dst ", "--dport") }, Self.any(interface, Self.interfaceTerm),
        ].compactMap { $0 }
        let own = expression.joined(separator: " ")
        try Self.check(own)
        if !own.isEmpty { parts.append(parts.isEmpty ? own : "(\(own))") }
        return parts.joined(separator: " and ")
    }

    private static func any(_ values: [String], _ term: (String) throws -> String) throws -> String? {
        guard !values.isEmpty else { return nil }
        let terms = try values.map(term)
        return terms.count == 1 ? terms[0] : "(\(terms.joined(separator: " or ")))"
    }

    private static func check(_ expression: String) throws {
        do {
            _ = try FilterExpression(parsing: expression)
        } catch {
            throw Failure(error, in: expression)
        }
    }

    /// The text if it is a filter, else a failure that names the option.
    private static func term(_ text: String, _ option: String, _ value: String, _ expected: String) throws -> String {
        guard (try? FilterExpression(parsing: text)) != nil else { throw wrong(option, value, expected) }
        return text
    }

    private static func wrong(_ option: String, _ value: String, _ expected: String) -> Failure {
        Failure(.usage, "\(option) \"\(Escaped.text(value))\": \(expected)")
    }

    /// A value is one word: with more it would be an expression of its own.
    private static func isWord(_ value: String) -> Bool {
        !value.isEmpty && value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func protocolTerm(_ value: String) throws -> String {
        let word = value.lowercased()
        let own = ["arp", "rarp", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "sctp"]
        let names = ["ipv4": "ip", "ipv6": "ip6", "icmpv6": "icmp6"]
        let text = names[word] ?? (own.contains(word) ? word : "proto \(word)")
        let expected = "not a protocol (tcp, udp, icmp, icmp6, arp, … or a number 0-255)"
        guard isWord(value) else { throw wrong("--proto", value, expected) }
        return try term(text, "--proto", value, expected)
    }

    private static func address(_ value: String, _ side: String, _ option: String) throws -> String {
        let kind = value.contains("/") ? "net" : "host"
        let expected =
            kind == "net"
            ? "not a CIDR prefix (192.0.2.0/24, 2001:db8::/32)"
            : "not an address (192.0.2.1, 2001:db8::1, or a CIDR prefix 192.0.2.0/24)"
        // A host's name would make the parser look elsewhere: only addresses are meant here.
        let bare = String(value.prefix { $0 != "/" })
        guard IPAddress(bare) != nil else { throw wrong(option, value, expected) }
        return try term("\(side)\(kind) \(value)", option, value, expected)
    }

    private static func ports(_ value: String, _ side: String, _ option: String) throws -> String {
        let kind = value.contains("-") && value.first?.isNumber == true ? "portrange" : "port"
        let expected = "not a port, its name, or a range like 8000-8999"
        guard isWord(value) else { throw wrong(option, value, expected) }
        return try term("\(side)\(kind) \(value)", option, value, expected)
    }

    private static func interfaceTerm(_ value: String) throws -> String {
        let quoted = value.contains("\"") ? "'\(value)'" : "\"\(value)\""
        return try term("interface \(quoted)", "--interface", value, "not the name of an interface")
    }
}
