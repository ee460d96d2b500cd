internal import Records
internal import Wire

/// Groups as a table, or as they came.
struct AggregateReport {
    let fields: [Field]
    var computations: [AggregateRequest.Computation] = []
    let utc: Bool

    func write(_ reply: AggregateReply, _ format: ReportFormat) throws(Failure) {
        let out = StandardOutput(prompt: false)
        if format == .json {
            try out.line(JSONValue(encoding: reply).text)
        } else {
            for row in AlignedTable.lines(rows(reply)) { try out.line(row) }
        }
        try out.flush()
        for line in notes(reply) { StandardError.line("hdrctl: \(line)") }
    }

    private func notes(_ reply: AggregateReply) -> [String] {
        var lines = Note(completeness: reply.completeness, time: TimeText(utc: utc)).lines
        let total = reply.total
        if total.packetsMargin != nil {
            lines.append(
                "estimated: \(total.estimatedPackets) packets ± \(Self.percent(total.packetsMargin, total.estimatedPackets)), "
                    + "\(total.estimatedBytes) bytes ± \(Self.percent(total.bytesMargin, total.estimatedBytes)) (95 %)")
        }
        if reply.rest.records > 0 {
            lines.append("\(reply.rest.estimatedPackets) packets of further groups are not told apart")
        }
        let isApproximate = reply.groups.contains { $0.computed?.contains { $0.approximate } ?? false }
        if isApproximate { lines.append("~ is an estimate of different values, ± 2.3 % (95 %)") }
        return lines
    }

    /// A margin as a share of what it is of.
    private static func percent(_ margin: Int?, _ value: Int) -> String {
        guard let margin, value > 0 else { return "-" }
        let share = 100 * Double(margin) / Double(value)
        return share < 0.05 && margin > 0 ? "<0.1%" : Quantity.decimal(share) + "%"
    }

    private func rows(_ reply: AggregateReply) -> [[String]] {
        let isSeries = reply.groups.contains { $0.bucket != nil }
        let isSampled = reply.total.packetsMargin != nil
        let sums = isSampled ? ["PACKETS", "±", "BYTES", "±", "SHARE"] : ["PACKETS", "BYTES", "SHARE"]
        let heading =
            (isSeries ? ["TIME"] : []) + fields.map(\.name) + sums
            + computations.map { "\($0.function.uppercased())(\($0.field))" }
        return [heading]
            + reply.groups.map { group in
                (group.bucket.map { [TimeText(utc: utc).seconds($0)] } ?? [])
                    + group.values.map { $0.isEmpty ? "-" : Escaped.text($0) }
                    + cells(group.sums, of: reply.total, isSampled) + (group.computed ?? []).map(Self.cell)
            }
    }

    private func cells(_ sums: AggregateReply.Sums, of total: AggregateReply.Sums, _ isSampled: Bool) -> [String] {
        let share = 100 * Double(sums.estimatedPackets) / Double(max(1, total.estimatedPackets))
        let (packets, bytes) = ("\(sums.estimatedPackets)", "\(sums.estimatedBytes)")
        guard isSampled else { return [packets, bytes, Quantity.decimal(share) + "%"] }
        return [
            packets, Self.percent(sums.packetsMargin, sums.estimatedPackets), bytes,
            Self.percent(sums.bytesMargin, sums.estimatedBytes), Quantity.decimal(share) + "%",
        ]
    }

    private static func cell(_ computed: AggregateReply.Computed) -> String {
        guard let value = computed.value else { return "-" }
        let margin = computed.margin.map { " ± \(percent($0, value))" } ?? ""
        return (computed.approximate ? "~" : "") + "\(value)" + margin
    }
}
