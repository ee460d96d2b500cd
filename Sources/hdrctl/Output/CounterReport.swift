internal import Records
internal import Wire

/// Counts as a table, as JSON lines or as CSV.
struct CounterReport {
    let time: TimeText
    /// The share of each count in those of its interface, direction and kind, with a bar.
    var withShares = false

    func write(_ reply: CountsReply, _ format: OutputFormat) throws(Failure) {
        let out = StandardOutput(prompt: false)
        switch format {
        case .json: for count in reply.counts { try out.line(JSONValue(encoding: count).text) }
        case .csv:
            try out.line("bucket,interface,direction,kind,value,reason,frames,bytes")
            for count in reply.counts { try out.line(Self.csv(count)) }
        case .table: for line in table(reply.counts) { try out.line(line) }
        }
        try out.flush()
        for line in note(reply) { StandardError.line("hdrctl: \(line)") }
    }

    private static func csv(_ count: Count) -> String {
        var interface: [UInt8] = []
        CSVWriter.write(Array(count.interface.utf8), into: &interface)
        let cells = [
            count.bucket.map { "\($0)" } ?? "", String(decoding: interface, as: UTF8.self), count.direction, count.kind,
            count.value.map { "\($0)" } ?? "", count.reason ?? "", "\(count.frames)",
            count.bytes.map { "\($0)" } ?? "",
        ]
        return cells.joined(separator: ",")
    }

    private func table(_ counts: [Count]) -> [String] {
        let isSeries = counts.contains { $0.bucket != nil }
        let heading = (isSeries ? ["TIME"] : []) + ["IFACE", "DIR", "KIND", "VALUE", "FRAMES", "BYTES"]
        let totals = Dictionary(counts.map { (Self.group($0), $0.frames) }, uniquingKeysWith: +)
        let rows = counts.map { count in
            (count.bucket.map { [time.seconds($0)] } ?? [])
                + [
                    Escaped.text(count.interface), count.direction, count.kind, Self.value(count), "\(count.frames)",
                    count.bytes.map { "\($0)" } ?? "-",
                ] + (withShares ? Self.share(count.frames, of: totals[Self.group(count)] ?? 1) : [])
        }
        let place = isSeries ? 1 : 0
        return AlignedTable.lines(
            [heading + (withShares ? ["SHARE", ""] : [])] + rows, numbers: [place + 4, place + 5, place + 6])
    }

    private static func group(_ count: Count) -> [String] { [count.interface, count.direction, count.kind] }

    private static func share(_ frames: Int, of total: Int) -> [String] {
        let share = Double(frames) / Double(max(1, total))
        return [Quantity.decimal(100 * share) + "%", String(repeating: "#", count: Int((40 * share).rounded(.up)))]
    }

    /// What a count is of, in words.
    private static func value(_ count: Count) -> String {
        guard let value = count.value, let kind = CounterKind(named: count.kind) else { return "-" }
        switch kind {
        case .malformed: return count.reason ?? "\(value)"
        case .etherType: return value == 0 ? "other" : "0x" + String(value, radix: 16)
        case .ipProtocol: return UInt8(exactly: value).flatMap { IPProtocol.name(of: $0) }.map { "\($0)" } ?? "\(value)"
        case .tcpFlags: return "\(TCPFlags(rawValue: UInt16(truncatingIfNeeded: value)))"
        case .trafficClass: return "dscp \(value >> 2) ecn \(value & 3)"
        case .fragments: return value == 0 ? "first" : "later"
        default: return kind.histogram?.range(from: value).map(Self.text) ?? "\(value)"
        }
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        if range.count == 1 { return "\(range.lowerBound)" }
        return range.upperBound == Int(UInt32.max)
            ? "\(range.lowerBound)-" : "\(range.lowerBound)-\(range.upperBound)"
    }

    private func note(_ reply: CountsReply) -> [String] {
        var lines = ["the log holds no counters of that time"]
        if let since = reply.since, let until = reply.until {
            lines = ["\(time.seconds(since)) to \(time.seconds(until))"]
        }
        lines.append("exact, whatever the sampling")
        if let gaps = reply.gaps { lines += Note.gaps(gaps, time) }
        return lines + reply.damage.map { "damaged: \(Escaped.text($0))" }
    }
}
