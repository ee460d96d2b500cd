internal import Wire

/// What an answer covers, in a few lines for people.
struct Note {
    let completeness: Completeness
    let time: TimeText

    var lines: [String] {
        let told = completeness
        let count = told.records == 1 ? "1 record" : "\(told.records) records"
        var lines: [String] = []
        if told.until > told.since {
            lines.append("\(count) of \(time.seconds(told.since)) to \(time.seconds(told.until))\(limit)")
        } else {
            lines.append("\(count); the log holds nothing of that time\(limit)")
        }
        lines.append(sampling)
        return lines + Self.gaps(told.gaps, time)
    }

    /// A line a gap, or that there is none.
    static func gaps(_ gaps: [Gap], _ time: TimeText) -> [String] {
        gaps.isEmpty ? ["no gaps"] : gaps.map { gap($0, time) }
    }

    /// The same of the log as a whole: how far it reaches, how it was sampled, what is missing.
    var coverage: [String] {
        guard completeness.until > completeness.since else { return ["the log holds no headers"] }
        let range = "\(time.seconds(completeness.since)) to \(time.seconds(completeness.until))"
        return ["the log has headers of \(range)", sampling] + Self.gaps(completeness.gaps, time)
    }

    private var limit: String { completeness.limited ? ", cut at the limit" : "" }

    private var sampling: String {
        let thinned = completeness.rates.filter { $0.rate > 1 }
        guard !thinned.isEmpty else { return "every packet was logged" }
        return "sampled: " + thinned.map { "1 in \($0.rate)" }.joined(separator: ", ")
    }

    private static func gap(_ gap: Gap, _ time: TimeText) -> String {
        var words = "gap: \(time.seconds(gap.since)) to \(time.seconds(gap.until)), \(Escaped.text(gap.reason))"
        if let interface = gap.interface { words += " on \(Escaped.text(interface))" }
        if let lost = gap.lost { words += ", \(lost) \(lost == 1 ? "record" : "records")" }
        return words
    }
}
