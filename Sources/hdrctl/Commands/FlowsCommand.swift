public import ArgumentParser
internal import Records
internal import Store
internal import Wire

struct FlowsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flows",
        abstract: "Print flows: who spoke with whom, how much, exactly.",
        discussion: """
            Flows are counted by the kernel, packet by packet, whatever the sampling rate is, and taken over into the
            log every capture.flow_interval. A filter may ask for addresses, ports, protocol, interface, direction, VLAN.

            EXAMPLES
              hdrctl flows --since 1h                          those with the most bytes
              hdrctl flows --order packets --port 53 --limit 20
              hdrctl flows 'net 10.0.0.0/8 and not tcp' -o json
            """)

    @OptionGroup(title: "Selection") var filter: FilterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup var limit: LimitOption

    @Option(help: "bytes, packets (the greatest first) or time (the earliest first).")
    var order = FlowQuery.Order.bytes

    @Option(name: .shortAndLong, help: "table, json (an object a line) or csv.")
    var output = OutputFormat.table

    @Flag(name: .shortAndLong, help: "Say nothing of what the answer covers.")
    var quiet = false

    func run() throws {
        let range = try time.range(now: Now.nanoseconds)
        let request = FlowsRequest(
            filter: try filter.text(), since: range.since, until: range.until, order: order.rawValue,
            limit: limit.count)
        let reply = try source.source.flows(request)
        try FlowReport(time: TimeText(utc: time.utc)).write(reply, output)
        if !quiet { note(reply) }
    }

    private func note(_ reply: FlowsReply) {
        let time = TimeText(utc: time.utc)
        var lines = ["\(reply.flowCount) flows, \(reply.packets) packets, \(Quantity.bytes(reply.bytes))"]
        if let since = reply.since, let until = reply.until {
            lines[0] += "; \(time.seconds(since)) to \(time.seconds(until))"
        } else {
            lines[0] += "; the log holds no flows of that time"
        }
        if reply.untracked > 0 { lines.append("\(reply.untracked) packets found no room in the flow tables") }
        if reply.rest > 0 { lines.append("\(reply.rest) packets of further flows are not told apart") }
        lines.append("exact, whatever the sampling")
        if let gaps = reply.gaps { lines += Note.gaps(gaps, time) }
        lines += reply.damage.map { "damaged: \(Escaped.text($0))" }
        for line in lines { StandardError.line("hdrctl: \(line)") }
    }
}

extension FlowQuery.Order: ExpressibleByArgument {}

/// Flows as a table, as JSON lines or as CSV.
private struct FlowReport {
    let time: TimeText

    private static let columns: [(name: String, heading: String, isNumber: Bool)] = [
        ("first", "FIRST", false), ("last", "LAST", false), ("interface", "IFACE", false), ("direction", "DIR", false),
        ("vlan", "VLAN", true), ("protocol", "PROTO", false), ("source", "SOURCE", false),
        ("sourcePort", "SPORT", true), ("destination", "DESTINATION", false), ("destinationPort", "DPORT", true),
        ("packets", "PACKETS", true), ("bytes", "BYTES", true),
    ]

    func write(_ reply: FlowsReply, _ format: OutputFormat) throws(Failure) {
        let out = StandardOutput(prompt: false)
        switch format {
        case .json: for flow in reply.flows { try out.line(JSONValue(encoding: flow).text) }
        case .csv:
            try out.line(Self.csvNames.joined(separator: ","))
            for flow in reply.flows { try out.line(csv(flow)) }
        case .table: for line in table(reply.flows) { try out.line(line) }
        }
        try out.flush()
    }

    private static let csvNames = [
        "first", "last", "interface", "direction", "vlan", "protocol", "source", "sourcePort", "destination",
        "destinationPort", "icmpType", "icmpCode", "packets", "wirePackets", "bytes", "tcpFlags", "minTtl", "maxTtl",
    ]

    private func csv(_ flow: Flow) -> String {
        let values = JSONValue(encoding: flow).object
        return Self.csvNames.map { name in
            switch values?[name] {
            case .string(let text)?:
                var cell: [UInt8] = []
                CSVWriter.write(Array(text.utf8), into: &cell)
                return String(decoding: cell, as: UTF8.self)
            case let value?: return value.text
            case nil: return ""
            }
        }.joined(separator: ",")
    }

    private func table(_ flows: [Flow]) -> [String] {
        AlignedTable.lines(
            [Self.columns.map(\.heading)] + flows.map(cells),
            numbers: Set(Self.columns.indices.filter { Self.columns[$0].isNumber }))
    }

    private func cells(_ flow: Flow) -> [String] {
        let name =
            UInt8(exactly: flow.protocol).flatMap { IPProtocol.name(of: $0) }.map { "\($0)" } ?? "\(flow.protocol)"
        return [
            time.seconds(flow.first), time.seconds(flow.last), Escaped.text(flow.interface), flow.direction,
            flow.vlan.map { "\($0)" } ?? "-", name, flow.source, flow.sourcePort.map { "\($0)" } ?? "-",
            flow.destination, flow.destinationPort.map { "\($0)" } ?? "-", "\(flow.packets)", "\(flow.bytes)",
        ]
    }
}
