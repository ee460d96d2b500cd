import Records

/// All words that an expression may begin with, and the search for the nearest one.
enum Words {
    static let keywords = [
        "host", "net", "port", "portrange", "src", "dst", "proto", "ether", "ip", "ip6", "arp", "rarp", "tcp", "udp",
        "sctp", "icmp", "icmp6", "vlan", "inbound", "outbound", "interface", "less", "greater", "broadcast",
        "multicast", "has", "not", "and", "or",
    ]

    static let fields: [String] = Field.allCases.flatMap { [$0.name] + $0.aliases }
    static let all: [String] = keywords + IPProtocol.allNames + EtherType.allNames + fields

    /// pcap-filter(7)'s words for what is not in a header record.
    static let unsupported: [String: String] = [
        "gateway": "names and routes are not known here",
        "protochain": "proto already looks behind extension headers",
        "geneve": "only outer headers are kept; use udp port 6081",
        "vxlan": "only outer headers are kept; use udp port 4789",
        "wlan": "only Ethernet and raw IP are logged",
        "link": "write ether",
        "llc": "write etherType < 0x600",
    ]

    /// `did you mean "proto"?`, or nothing when no word is near.
    static func hint(for word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { "did you mean \"\($0)\"?" } ?? ""
    }

    /// Whether a word looks like a misspelt keyword or field rather than like a value.
    static func isNear(_ word: String) -> Bool {
        word.count >= 3 && ServiceName.port(named: word) == nil && word.first?.isLetter == true
            && nearest(to: word, among: keywords) != nil
    }

    /// The known word with the fewest edits, if they are few for its length.
    static func nearest(to word: String, among known: [String]) -> String? {
        let wanted = Array(word.lowercased().utf8)
        guard (1...32).contains(wanted.count) else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased().utf8)
            // Typing errors seldom hit the first letter: of equally near words, one that begins alike wins.
            let distance = 2 * editDistance(wanted, letters) + (letters.first == wanted.first ? 0 : 1)
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        guard let best, best.distance / 2 <= max(1, wanted.count / 3), best.distance / 2 < wanted.count else {
            return nil
        }
        return best.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, before[j - 1] + 1)
                }
                row.append(cost)
            }
            (before, last) = (last, row)
        }
        return last[right.count]
    }
}
