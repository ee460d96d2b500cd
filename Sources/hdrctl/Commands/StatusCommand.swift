internal import ArgumentParser
internal import Wire

/// How single answers are written.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what is logged, counted and lost, and whether the sums are right.",
        discussion: """
            Exit status 1 if a sum is not right.

            EXAMPLES
              hdrctl status
              hdrctl status -o json | jq '.interfaces[] | {name, framesPerSecond}'
            """)

    @Option(help: ArgumentHelp("Socket of the daemon.", valueName: "path"))
    var socket = Client.defaultPath

    @Option(name: .shortAndLong, help: "text or json.")
    var output = ReportFormat.text

    @Flag(help: "Times are UTC.")
    var utc = false

    func run() throws {
        let status: StatusReply
        do throws(ClientError) {
            var client = try Client(path: socket)
            status = try client.status()
        } catch {
            throw Failure(error)
        }
        let out = StandardOutput(prompt: false)
        switch output {
        case .json: try out.line(JSONValue(encoding: status).text)
        case .text:
            let report = StatusReport(
                status: status, time: TimeText(utc: utc), style: Style(isOn: StandardOutput.isTerminal))
            for line in report.lines { try out.line(line) }
        }
        try out.flush()
        if !status.consistent { throw Failure(.badNews, "a sum is not right: see above") }
    }
}
