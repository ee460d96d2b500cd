internal import ArgumentParser
internal import Records
internal import Wire

/// How records are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, csv
}

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Print the logged packets that a filter selects.",
        discussion: """
            Filters are those of tcpdump with comparisons of every field: see hdrlog-filter(7). Options narrow the \
            selection further; one that is given twice holds if either value does. What the answer covers (range, \
            sampling, gaps) follows on stderr.

            EXAMPLES
              hdrctl query --proto tcp --since 10m
              hdrctl query --host 192.0.2.0/24 --port 53 --since yesterday --until today
              hdrctl query 'tcp flags syn and ttl < 10' --reverse --limit 20
              hdrctl query -o json --since 1h icmp | jq .source
              hdrctl query -o csv --fields time,source,destination,frameLength > sizes.csv
              hdrctl query --follow --interface eth0 'not port ssh'
              hdrctl query --directory /mnt/disk/hdrlog --since 2026-11-23
            """)

    @OptionGroup(title: "Selection") var filter: FilterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions

    @OptionGroup var limit: LimitOption

    @Flag(name: .shortAndLong, help: "Newest first.")
    var reverse = false

    @Flag(name: .shortAndLong, help: "Go on with records as they come (from now on, without --since).")
    var follow = false

    @Option(name: .shortAndLong, help: "table, json (an object a line) or csv.")
    var output = OutputFormat.table

    @Option(help: ArgumentHelp("Only these fields, with commas between them.", valueName: "fields"))
    var fields: String?

    @Flag(name: .shortAndLong, help: "Say nothing of what the answer covers.")
    var quiet = false

    func validate() throws {
        if follow, reverse { throw ValidationError("--follow and --reverse do not go together") }
    }

    func run() throws {
        let fields = try chosenFields()
        let writer = RecordWriter(output, fields: fields, utc: time.utc, prompt: follow)
        let completeness = try source.source.query(try request(fields)) { records throws(Failure) in
            try writer.write(records)
        }
        try writer.finish()
        guard !quiet, let completeness else { return }
        for line in Note(completeness: completeness, time: TimeText(utc: time.utc)).lines {
            StandardError.line("hdrctl: \(line)")
        }
    }

    private func request(_ fields: [Field]?) throws -> QueryRequest {
        let now = Now.nanoseconds
        let range = try time.range(now: now)
        return QueryRequest(
            filter: try filter.text(), since: range.since ?? (follow ? now : nil), until: range.until,
            limit: limit.count,
            reverse: reverse ? true : nil, follow: follow ? true : nil, fields: fields?.map(\.name))
    }

    private func chosenFields() throws -> [Field]? {
        try fields.map { text throws(Failure) in try FieldList.parse(text, "--fields") }
    }
}
