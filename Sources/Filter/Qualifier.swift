import Records

/// What is known before a value is read: `tcp src port`.
struct Qualifier: Equatable {
    enum Kind: String {
        case host, net, port, portrange, proto
    }

    /// `ether`, `ip`, `ip6`, `arp`, `rarp`, `tcp`, `udp`, `sctp`, or nil.
    var proto: String?
    var side: Side = .either
    var kind: Kind = .host

    var scope: AddressScope {
        switch proto {
        case "ip": .ip
        case "ip6": .ip6
        case "arp": .arp
        case "rarp": .rarp
        default: .any
        }
    }

    /// The number of the transport protocol that `proto` names.
    var transport: UInt8? {
        proto.flatMap { ["tcp", "udp", "sctp"].contains($0) ? IPProtocol.number(named: $0) : nil }
    }
}

extension Parser {
    /// `[protocol] [direction] [kind] value`, each part optional; the protocol alone is a test of its own.
    mutating func qualified() throws(FilterError) -> FilterNode {
        var qualifier = Qualifier()
        let first = current
        if ["ether", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp"].contains(current.keyword) {
            qualifier.proto = take().keyword
            if let phrase = try protocolPhrase(qualifier.proto!, first) { return phrase }
        }
        let hasSide = takeSide(&qualifier)
        if let kind = Qualifier.Kind(rawValue: current.keyword) {
            take()
            qualifier.kind = kind
        } else if !hasSide {
            return .primitive(protocolTest(qualifier.proto!))
        }
        try check(qualifier, first)
        return try values(qualifier)
    }

    /// `tcp flags …`, `ether multicast`, and a bare `ether`.
    private mutating func protocolPhrase(_ proto: String, _ first: Token) throws(FilterError) -> FilterNode? {
        switch (proto, current.keyword) {
        case ("tcp", "flags"):
            take()
            return .primitive(try tcpFlags())
        case ("ether", "broadcast"):
            take()
            return .primitive(.mac(MACAddress(0xFFFF_FFFF_FFFF), .destination))
        case ("ether", "multicast"):
            take()
            return .primitive(.multicast)
        case ("ip", "multicast"):
            take()
            // libpcap's test is "224 or above", which takes in 255.255.255.255; filters move over unchanged.
            return .primitive(.address(IPPrefix("224.0.0.0/3")!, .destination, .ip))
        case ("ip6", "multicast"):
            take()
            return .primitive(.address(IPPrefix("ff00::/8")!, .destination, .ip6))
        case ("ip", "broadcast"):
            throw unexpected("host, net or proto", hint: "netmasks are not known; use \"broadcast\" or dst host")
        case ("ether", "host"), ("ether", "src"), ("ether", "dst"), ("ether", "proto"): return nil
        case ("ether", _): throw unexpected("host, src, dst, proto, broadcast or multicast after \"ether\"")
        default: return nil
        }
    }

    private func protocolTest(_ proto: String) -> Primitive {
        if let number = IPProtocol.number(named: proto) { return .ipProtocol(number, version: nil) }
        return .etherType(EtherType.type(named: proto)!)
    }

    /// `src`, `dst`, `src or dst`, `src and dst` (either order).
    private mutating func takeSide(_ qualifier: inout Qualifier) -> Bool {
        guard current.keyword == "src" || current.keyword == "dst" else { return false }
        let first = take().keyword
        let joint = current.keyword == "&&" ? "and" : current.keyword
        let second = peek().keyword
        if joint == "or" || joint == "and", ["src", "dst"].contains(second), second != first {
            take()
            take()
            qualifier.side = joint == "or" ? .either : .both
        } else {
            qualifier.side = first == "src" ? .source : .destination
        }
        return true
    }

    /// Combinations that mean nothing are errors, as they are for tcpdump.
    private func check(_ qualifier: Qualifier, _ first: Token) throws(FilterError) {
        let proto = qualifier.proto ?? ""
        switch qualifier.kind {
        case .port, .portrange:
            if !proto.isEmpty, qualifier.transport == nil {
                throw unexpected("tcp, udp or sctp before \"port\"", hint: "write \"\(proto) and port …\"", at: first)
            }
        case .proto:
            if qualifier.side != .either || !["", "ip", "ip6", "ether"].contains(proto) {
                throw unexpected("ip, ip6 or ether before \"proto\"", at: first)
            }
        case .host, .net:
            if qualifier.transport != nil {
                throw unexpected(
                    "port or portrange after \"\(proto)\"", hint: "write \"\(proto) and host …\"", at: first)
            }
            if proto == "ether", qualifier.kind == .net { throw unexpected("host after \"ether\"", at: first) }
        }
    }
}
