internal import ArgumentParser
internal import Records
internal import Wire

struct CountersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counters",
        abstract: "Print what was counted: frames, losses, malformed frames, EtherTypes and protocols, exactly.",
        discussion: """
            Counters are those of every frame, whatever the sampling rate is. They are taken over into the log every
            capture.flow_interval. For lengths, TTLs and the like see "hdrctl histogram".

            EXAMPLES
              hdrctl counters --since 1h                       what came and went
              hdrctl counters --kinds seen,ringLost --every 1min --since 10m
              hdrctl counters --kinds ipProtocol -i eth0 -o json
            """)

    @Option(
        help: ArgumentHelp(
            "Which ones: seen, wirePackets, filtered, counted, sampled, ringLost, keyed, untracked, malformed, etherType, "
                + "ipProtocol.", valueName: "kinds"))
    var kinds: String?

    @OptionGroup var selection: CounterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions

    @Option(name: .shortAndLong, help: "table, json (an object a line) or csv.")
    var output = OutputFormat.table

    func run() throws {
        let chosen = try kinds.map { text throws(Failure) in try Self.parse(text) }
        let plain = CounterKind.allCases.filter { $0.histogram == nil }
        let request = try selection.request(chosen ?? plain, time)
        try CounterReport(time: TimeText(utc: time.utc)).write(try source.source.counts(request), output)
    }

    private static func parse(_ text: String) throws(Failure) -> [CounterKind] {
        var kinds: [CounterKind] = []
        for name in text.split(separator: ",") {
            guard let kind = CounterKind(named: String(name)) else {
                let known = CounterKind.allCases.map(\.name).joined(separator: ", ")
                throw Failure(.usage, "--kinds: there is no \"\(Escaped.text(name))\"; there is \(known)")
            }
            kinds.append(kind)
        }
        return kinds
    }
}

struct HistogramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "histogram",
        abstract: "Print how lengths, TTLs, TCP flags and the like are distributed, exactly.",
        discussion: """
            KIND is frameLength, ttl (hop limits too), trafficClass (DSCP and ECN), fragments, tcpFlags, window, mss (of
            SYNs), etherType or ipProtocol. Every frame is counted, whatever the sampling rate is.

            EXAMPLES
              hdrctl histogram frameLength --since 1h
              hdrctl histogram tcpFlags -i eth0 --direction in
              hdrctl histogram ttl --every 1h -o csv
            """)

    @Argument(help: "What frames are counted by.")
    var kind: String

    @OptionGroup var selection: CounterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions

    @Option(name: .shortAndLong, help: "table, json (an object a line) or csv.")
    var output = OutputFormat.table

    func run() throws {
        let distributions = CounterKind.allCases.filter(\.hasValues)
        guard let kind = distributions.first(where: { $0.name == kind }) else {
            let known = distributions.map(\.name).joined(separator: ", ")
            throw Failure(.usage, "there is no histogram \"\(Escaped.text(kind))\"; there is \(known)")
        }
        let reply = try source.source.counts(try selection.request([kind], time))
        let isSeries = selection.every != nil
        try CounterReport(time: TimeText(utc: time.utc), withShares: !isSeries).write(reply, output)
    }
}

/// Whose counters, and in what stretches of time.
struct CounterOptions: ParsableArguments {
    @Option(name: [.customShort("i"), .long], help: ArgumentHelp("Of one interface.", valueName: "name"))
    var interface: String?

    @Option(help: "in or out.")
    var direction: String?

    @Option(help: ArgumentHelp("For each stretch of time: 10s, 5min, 1h.", valueName: "time"))
    var every: String?

    func request(_ kinds: [CounterKind], _ time: TimeOptions) throws(Failure) -> CountsRequest {
        if let direction, Direction(named: direction) == nil {
            throw Failure(.usage, "--direction \"\(Escaped.text(direction))\": it is in or out")
        }
        let range = try time.range(now: Now.nanoseconds)
        return CountsRequest(
            kinds: kinds.map(\.name), interface: interface, direction: direction, since: range.since,
            until: range.until, bucket: try every.map { text throws(Failure) in try TimeArgument.span(text, "--every") }
        )
    }
}
