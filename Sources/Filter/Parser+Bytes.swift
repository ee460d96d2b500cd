import Records

extension Parser {
    /// `LAYER[OFFSET:SIZE] [& MASK] RELATION VALUE`, with constants only.
    mutating func byteAccess() throws(FilterError) -> Primitive {
        guard let layer = ByteAccess.Layer(rawValue: current.keyword == "icmpv6" ? "icmp6" : current.keyword) else {
            let names = ByteAccess.Layer.allCases.map(\.rawValue)
            throw unexpected(
                "a header before \"[\": " + names.joined(separator: ", "),
                hint: Words.hint(for: current.text, among: names))
        }
        take()
        try expect(symbol: "[")
        let (offset, size) = try position(in: layer)
        try expect(symbol: "]", " (offsets are constants: PROTOCOL[OFFSET:SIZE])")
        let limit: UInt64 = size == 4 ? 0xFFFF_FFFF : size == 2 ? 0xFFFF : 0xFF
        let mask = take(symbol: "&") ? try constantSum(layer) : nil
        let relation = try relation(Relation.allCases.filter { $0 != .in })
        let place = current
        let value = try constantSum(layer)
        guard value <= limit else { throw unexpected("at most \(limit) for \(size) byte(s)", at: place) }
        return .bytes(
            ByteAccess(layer: layer, offset: offset, size: size, mask: mask, relation: relation, value: value))
    }

    /// `13`, `6:2`, `tcpflags`.
    private mutating func position(in layer: ByteAccess.Layer) throws(FilterError) -> (offset: UInt16, size: UInt8) {
        guard current.kind == .word else { throw unexpected("a byte offset") }
        let parts = current.text.split(separator: ":", omittingEmptySubsequences: false)
        let named = ByteNames.offset(parts[0].lowercased(), in: layer)
        guard let offset = named ?? Number.parse(parts[0]), offset <= 255 else {
            throw unexpected("a byte offset (0–255)", hint: Words.hint(for: String(parts[0]), among: ByteNames.offsets))
        }
        guard parts.count <= 2, let size = parts.count == 1 ? 1 : UInt8(parts[1]), [1, 2, 4].contains(size) else {
            throw unexpected("a size of 1, 2 or 4 bytes")
        }
        guard Int(offset) + Int(size) <= layer.maximumLength else {
            throw unexpected(
                "bytes within the \(layer.maximumLength) of the header",
                hint: "what lies behind the header is not logged")
        }
        take()
        return (UInt16(offset), size)
    }

    /// Numbers and names with `|` and `&` between them, in parentheses or not.
    private mutating func constantSum(_ layer: ByteAccess.Layer) throws(FilterError) -> UInt64 {
        var value = try constant(layer)
        while true {
            if take(symbol: "|") {
                value |= try constant(layer)
            } else if take(symbol: "&") {
                value &= try constant(layer)
            } else {
                return value
            }
        }
    }

    private mutating func constant(_ layer: ByteAccess.Layer) throws(FilterError) -> UInt64 {
        if take(symbol: "(") {
            let value = try constantSum(layer)
            try expect(symbol: ")", " or \"|\"")
            return value
        }
        let text = current.text
        guard current.kind == .word, let value = ByteNames.constant(text.lowercased()) ?? Number.parse(text) else {
            throw unexpected("a number or a name such as tcp-syn", hint: Words.hint(for: text, among: ByteNames.all))
        }
        take()
        return value
    }

    /// Behind `tcp flags`: `syn,ack` (all of them set) or `syn/syn,ack` (of the second list just the first set).
    mutating func tcpFlags() throws(FilterError) -> Primitive {
        // A list may hold one "/" between words: "syn/syn,ack" arrives as "syn/syn" "," "ack".
        var set: UInt64 = 0
        var mask: UInt64?
        repeat {
            let place = current
            guard current.kind == .word else { throw unexpected("a TCP flag such as syn") }
            let halves = current.text.lowercased().split(separator: "/", omittingEmptySubsequences: false)
            for (index, half) in halves.enumerated() {
                guard let flag = half == "none" ? TCPFlags(rawValue: 0) : TCPFlags(named: half) else {
                    throw unexpected(
                        "a TCP flag", hint: Words.hint(for: String(half), among: Symbols.names(of: .tcpFlags)))
                }
                if index > 0, mask != nil { throw unexpected("one \"/\" only", at: place) }
                if index > 0 { mask = 0 }
                if mask == nil { set |= UInt64(flag.rawValue) } else { mask! |= UInt64(flag.rawValue) }
            }
            take()
        } while take(symbol: ",")
        if set == 0, mask == nil { mask = 0xFFF }
        return .compare(Comparison(field: .tcpFlags, mask: mask ?? set, relation: .equal, values: [set...set]))
    }
}

/// pcap-filter(7)'s names for offsets and values.
enum ByteNames {
    static let offsets = ["tcpflags", "icmptype", "icmpcode", "icmp6type", "icmp6code"]
    static var all: [String] { constants.map(\.0) }

    static func offset(_ name: String, in layer: ByteAccess.Layer) -> UInt64? {
        switch name {
        case "tcpflags": 13
        case "icmptype", "icmp6type": 0
        case "icmpcode", "icmp6code": 1
        default: nil
        }
    }

    static func constant(_ name: String) -> UInt64? { constants.first { $0.0 == name }?.1 }

    private static let constants: [(String, UInt64)] = [
        ("tcp-fin", 1), ("tcp-syn", 2), ("tcp-rst", 4), ("tcp-push", 8), ("tcp-ack", 16), ("tcp-urg", 32),
        ("tcp-ece", 64), ("tcp-cwr", 128),
        ("icmp-echoreply", 0), ("icmp-unreach", 3), ("icmp-sourcequench", 4), ("icmp-redirect", 5), ("icmp-echo", 8),
        ("icmp-routeradvert", 9), ("icmp-routersolicit", 10), ("icmp-timxceed", 11), ("icmp-paramprob", 12),
        ("icmp-tstamp", 13), ("icmp-tstampreply", 14), ("icmp-ireq", 15), ("icmp-ireqreply", 16),
        ("icmp-maskreq", 17), ("icmp-maskreply", 18),
        ("icmp6-destinationunreach", 1), ("icmp6-packettoobig", 2), ("icmp6-timeexceeded", 3),
        ("icmp6-parameterproblem", 4), ("icmp6-echo", 128), ("icmp6-echoreply", 129),
        ("icmp6-multicastlistenerquery", 130), ("icmp6-multicastlistenerreportv1", 131),
        ("icmp6-multicastlistenerdone", 132), ("icmp6-routersolicit", 133), ("icmp6-routeradvert", 134),
        ("icmp6-neighborsolicit", 135), ("icmp6-neighboradvert", 136), ("icmp6-redirect", 137),
    ]
}
