internal import ArgumentParser
internal import Records
internal import Wire

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Print the groups with the most packets or bytes.",
        discussion: """
            EXAMPLES
              hdrctl top --by source --bytes --since 1h
              hdrctl top --by destination,destinationPort --limit 20 'tcp flags syn'
              hdrctl top --by source --distinct destinationPort --max frameLength    who scans
            """)

    @OptionGroup(title: "Selection") var filter: FilterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions

    @OptionGroup(title: "More of each group") var computations: ComputationOptions

    @Option(help: ArgumentHelp("Fields to group by, with commas between them.", valueName: "fields"))
    var by = "source"

    @Flag(help: "Order by bytes, not by packets.")
    var bytes = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("At most so many groups.", valueName: "count"))
    var limit = 10

    @Option(name: .shortAndLong, help: "text or json.")
    var output = ReportFormat.text

    func run() throws {
        let fields = try FieldList.parse(by, "--by")
        let range = try time.range(now: Now.nanoseconds)
        let request = AggregateRequest(
            filter: try filter.text(), since: range.since, until: range.until, fields: fields.map(\.name),
            measure: bytes ? "bytes" : "records", limit: limit, compute: try computations.list())
        try AggregateReport(fields: fields, computations: request.compute ?? [], utc: time.utc).write(
            try source.source.aggregate(request), output)
    }
}

struct SeriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "series",
        abstract: "Print packets and bytes for each stretch of time.",
        discussion: """
            EXAMPLES
              hdrctl series --every 1s --since 1min 'tcp flags syn'
              hdrctl series --every 1h --by interface --since yesterday
              hdrctl series --every 1min --distinct source --min ttl
            """)

    @OptionGroup(title: "Selection") var filter: FilterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions

    @OptionGroup(title: "More of each group") var computations: ComputationOptions

    @Option(help: ArgumentHelp("Length of a stretch: 1s, 5min, 1h.", valueName: "time"))
    var every = "1min"

    @Option(help: ArgumentHelp("Fields to group by as well.", valueName: "fields"))
    var by: String?

    @Option(name: .shortAndLong, help: "text or json.")
    var output = ReportFormat.text

    func run() throws {
        let fields = try by.map { text throws(Failure) in try FieldList.parse(text, "--by") } ?? []
        let range = try time.range(now: Now.nanoseconds)
        let request = AggregateRequest(
            filter: try filter.text(), since: range.since, until: range.until, fields: fields.map(\.name),
            bucket: try TimeArgument.span(every, "--every"), compute: try computations.list())
        try AggregateReport(fields: fields, computations: request.compute ?? [], utc: time.utc).write(
            try source.source.aggregate(request), output)
    }
}

/// A list of fields on the command line.
enum FieldList {
    static func parse(_ text: String, _ option: String) throws(Failure) -> [Field] {
        var fields: [Field] = []
        for name in text.split(separator: ",") {
            guard let field = Field(named: name) else {
                throw Failure(.usage, "\(option): there is no field \"\(Escaped.text(name))\"\(nearest(name))")
            }
            fields.append(field)
        }
        return fields
    }

    /// Other fields whose names begin alike.
    private static func nearest(_ name: Substring) -> String {
        let lower = name.lowercased()
        let alike = Field.allCases.filter { $0.name.lowercased().hasPrefix(lower.prefix(3)) }
        return alike.isEmpty ? "" : "; there is \(alike.map(\.name).joined(separator: ", "))"
    }
}
