import Records

extension Parser {
    /// Reads one value as the qualifier wants it.
    mutating func value(_ qualifier: Qualifier) throws(FilterError) -> FilterNode {
        guard current.kind == .word else { throw unexpected(expectation(qualifier)) }
        switch qualifier.kind {
        case .host, .net:
            if qualifier.proto == "ether" { return .primitive(.mac(try macAddress(), qualifier.side)) }
            return .primitive(.address(try prefix(qualifier), qualifier.side, qualifier.scope))
        case .port, .portrange:
            return .primitive(.ports(try ports(), qualifier.side, transport: qualifier.transport))
        case .proto: return .primitive(try protocolNumber(qualifier))
        }
    }

    private func expectation(_ qualifier: Qualifier) -> String {
        switch qualifier.kind {
        case .host: qualifier.proto == "ether" ? "an Ethernet address" : "an IP address"
        case .net: "a network such as 10.0.0.0/8"
        case .port: "a port number or service name"
        case .portrange: "a range of ports such as 6000-6100"
        case .proto: "a protocol number or name"
        }
    }

    private mutating func macAddress() throws(FilterError) -> MACAddress {
        guard let address = MACAddress(current.text) else {
            throw unexpected("an Ethernet address such as 02:00:5e:10:00:01")
        }
        take()
        return address
    }

    private mutating func prefix(_ qualifier: Qualifier) throws(FilterError) -> IPPrefix {
        guard var prefix = IPPrefix(current.text) ?? (qualifier.kind == .net ? Self.shortNet(current.text) : nil) else {
            let looksLikeName = current.text.contains { $0.isLetter } && !current.text.contains(":")
            let hint =
                looksLikeName ? "names are not resolved" : current.text.contains("/") ? "wrong prefix length?" : ""
            throw unexpected(expectation(qualifier), hint: hint)
        }
        let token = take()
        if qualifier.kind == .net, take(keyword: "mask") { prefix = try masked(prefix.address) }
        let scopeVersion: IPAddress.Version? =
            qualifier.scope == .any ? nil : qualifier.scope == .ip6 ? .v6 : .v4
        if let scopeVersion, scopeVersion != prefix.address.version {
            throw unexpected("an IPv\(scopeVersion.rawValue) address after \"\(qualifier.proto!)\"", at: token)
        }
        return prefix
    }

    /// tcpdump's short networks: `net 10` is 10.0.0.0/8, `net 192.168.1` is 192.168.1.0/24.
    static func shortNet(_ text: String) -> IPPrefix? {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), halves.count <= 2 else { return nil }
        let dotted = (parts.map(String.init) + Array(repeating: "0", count: 4 - parts.count)).joined(separator: ".")
        guard let address = IPAddress(dotted) else { return nil }
        return IPPrefix(address, length: halves.count == 2 ? Int(halves[1]) ?? -1 : parts.count * 8)
    }

    private mutating func masked(_ address: IPAddress) throws(FilterError) -> IPPrefix {
        guard let mask = IPAddress(current.text)?.v4Value, address.version == .v4 else {
            throw unexpected("an IPv4 netmask such as 255.255.0.0")
        }
        let length = (~mask).leadingZeroBitCount
        guard length == 32 || mask << UInt32(length) == 0, let prefix = IPPrefix(address, length: length) else {
            throw unexpected("a netmask whose ones stand in front")
        }
        take()
        return prefix
    }

    /// One port, a service's name, or a range with a dash.
    private mutating func ports() throws(FilterError) -> ClosedRange<UInt16> {
        let text = current.text
        if let port = Self.port(text) {
            take()
            return port...port
        }
        if let dash = text.firstIndex(of: "-"), let low = Self.port(String(text[..<dash])),
            let high = Self.port(String(text[text.index(after: dash)...]))
        {
            take()
            return min(low, high)...max(low, high)
        }
        throw unexpected(
            "a port (0–65535), a service name or a range", hint: Words.hint(for: text, among: ServiceName.all))
    }

    static func port(_ text: String) -> UInt16? {
        Number.parse(text).flatMap { UInt16(exactly: $0) } ?? ServiceName.port(named: text.lowercased())
    }

    private mutating func protocolNumber(_ qualifier: Qualifier) throws(FilterError) -> Primitive {
        let text = current.text
        if qualifier.proto == "ether" {
            let type = EtherType.type(named: text.lowercased()) ?? Number.parse(text).flatMap { UInt16(exactly: $0) }
            guard let type else {
                throw unexpected("an EtherType or its name", hint: Words.hint(for: text, among: EtherType.allNames))
            }
            take()
            return .etherType(type)
        }
        let number = IPProtocol.number(named: text.lowercased()) ?? Number.parse(text).flatMap { UInt8(exactly: $0) }
        guard let number else {
            throw unexpected("a protocol (0–255) or its name", hint: Words.hint(for: text, among: IPProtocol.allNames))
        }
        take()
        let version: IPAddress.Version? = qualifier.proto == "ip" ? .v4 : qualifier.proto == "ip6" ? .v6 : nil
        return .ipProtocol(number, version: version)
    }

    /// A number up to a limit, with `k`, `M`, `G` or `0x`.
    mutating func number(upTo limit: UInt64, _ expected: String) throws(FilterError) -> UInt64 {
        guard current.kind == .word, let value = Number.parse(current.text), value <= limit else {
            throw unexpected(expected)
        }
        take()
        return value
    }
}
