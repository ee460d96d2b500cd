internal import Wire

/// `hdrctl status` in words.
struct StatusReport {
    let status: StatusReply
    let time: TimeText
    let style: Style

    var lines: [String] {
        var lines = [
            style.bold("hdrlogd \(Escaped.text(status.version)) on \(Escaped.text(status.host))")
                + ", since \(time.seconds(status.startTime)) (\(Quantity.duration(status.time - status.startTime)))"
        ]
        lines += status.interfaces.flatMap(interface)
        if !status.refused.isEmpty { lines.append("") }
        lines += status.refused.map { style.bad("\(Escaped.text($0.name)) is not logged: \(Escaped.text($0.reason))") }
        if status.interfaces.isEmpty { lines += ["", style.bad("no interface is being logged")] }
        if status.flowLimit > 0 {
            let percent = Quantity.decimal(100 * Double(status.flows) / Double(status.flowLimit))
            lines += [
                "",
                style.bold("flows") + "  \(status.flows) of \(status.flowLimit) in the kernel's tables (\(percent)%)",
            ]
        }
        return lines + store + gaps
    }

    private func interface(_ interface: InterfaceStatus) -> [String] {
        let counters = interface.counters
        var lines = [
            "",
            style.bold("\(Escaped.text(interface.name)) \(interface.direction)")
                + "  \(interface.hook) \(interface.mode) (\(Escaped.text(interface.reason)))"
                + (interface.samplingRate > 1 ? ", 1 in \(interface.samplingRate)" : ""),
            "  rate      \(Quantity.decimal(interface.framesPerSecond)) frames/s, "
                + "\(Quantity.bytes(Int(interface.bytesPerSecond)))/s",
            "  seen      \(counters.frames) frames (\(counters.wirePackets) packets on the wire), "
                + Quantity.bytes(counters.bytes),
            "  lost      \(counters.ringLost) in the ring, \(counters.storeLost) in the store",
        ]
        let malformed = counters.malformed.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if !malformed.isEmpty {
            lines.append(
                "  malformed " + malformed.map { "\($0.value) \(Escaped.text($0.key))" }.joined(separator: ", "))
        }
        return lines + interface.identities.map { identity(interface, $0) }
    }

    /// `sum ok  frames 1000000 = filtered 10 + counted 90 + sampled 999900`
    private func identity(_ interface: InterfaceStatus, _ identity: Identity) -> String {
        let values = JSONValue(encoding: interface.counters).object
        let words = identity.text.split(separator: " ").map { word in
            (values?[String(word)]?.integer).map { "\(word) \($0)" } ?? String(word)
        }
        let verdict = identity.holds ? style.good("sum ok ") : style.bad("SUM OFF by \(identity.left - identity.right)")
        return "  \(verdict)   \(words.joined(separator: " "))"
    }

    private var store: [String] {
        let store = status.store
        var lines = [
            "", style.bold("store") + "  \(Escaped.text(store.directory))",
            "  records   \(store.stored) stored, \(store.waiting) waiting",
            "  disk      \(store.segments) segments, \(Quantity.bytes(store.bytes)) of "
                + "\(Quantity.bytes(store.limit))",
        ]
        if let oldest = store.oldest, let newest = store.newest {
            lines.append("  reaches   \(time.seconds(oldest)) to \(time.seconds(newest))")
            if let span = Self.forecast(store, newest - oldest) {
                lines.append("  forecast  the log reaches back \(Quantity.duration(span)) at the rate it had so far")
            }
        }
        if let flows = store.flows {
            lines.append("  flows     \(Self.family(flows))")
            if let span = flows.reach {
                lines.append("            they reach back \(Quantity.duration(span)) at the rate they had so far")
            }
        }
        let lost = store.lost.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if !lost.isEmpty {
            let words = lost.map { "\($0.value) \(Escaped.text($0.key))" }.joined(separator: ", ")
            lines.append("  " + style.bad("lost      \(words)"))
        }
        return lines
    }

    /// Nanoseconds that the budget holds at the mean rate of what is stored; nil while that says too little.
    static func forecast(_ store: StoreStatus, _ covered: Int64) -> Int64? {
        guard store.bytes > 1 << 20, covered > 60_000_000_000 else { return nil }
        let span = Double(covered) * Double(store.limit) / Double(store.bytes)
        return span < 1e18 ? Int64(span) : nil
    }

    /// `3 segments, 12.5M of 512M`
    static func family(_ family: FamilyStatus) -> String {
        let limit = family.limit.map { " of \(Quantity.bytes($0))" } ?? ""
        let count = family.segments == 1 ? "1 segment" : "\(family.segments) segments"
        return "\(count), \(Quantity.bytes(family.bytes))\(limit)"
    }

    private var gaps: [String] {
        guard !status.gaps.isEmpty else { return ["", "no gaps"] }
        let told = Completeness(since: 0, until: 0, records: 0, gaps: status.gaps)
        return [""] + Note(completeness: told, time: time).lines.dropFirst(2)
    }
}

/// Numbers for people.
enum Quantity {
    /// Binary multiples, as the configuration has them.
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "K", "M", "G"] {
            if value < 1024 { return unit == "B" ? "\(count)B" : decimal(value) + unit }
            value /= 1024
        }
        return decimal(value) + "T"
    }

    /// `500M`, `2G`, `4096`; nil for anything else.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 0, "K": 10, "M": 20, "G": 30, "T": 40]
        guard let number = Int(digits), let shift = units[String(text.dropFirst(digits.count)).uppercased()] else {
            return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : bytes
    }

    /// One digit behind the point, none from a hundred on.
    static func decimal(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "-" }
        if value >= 100 { return "\(Int(value.rounded()))" }
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    /// The two largest units.
    static func duration(_ nanoseconds: Int64) -> String {
        var rest = max(0, nanoseconds / 1_000_000_000)
        var words: [String] = []
        for (unit, seconds) in [("d", Int64(86400)), ("h", 3600), ("min", 60), ("s", 1)] where words.count < 2 {
            if rest >= seconds || (unit == "s" && words.isEmpty) { words.append("\(rest / seconds)\(unit)") }
            rest %= seconds
        }
        return words.joined(separator: " ")
    }
}
