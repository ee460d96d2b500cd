internal import ArgumentParser
internal import Store
internal import Wire

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read and check every block of a log, and say what is wrong where.",
        discussion: """
            Works on the segments themselves, of a running daemon, a stopped one, or a copy; changes nothing. Exit status 1 \
            if something is damaged: the records of that block are missing from answers, all others are told.

            EXAMPLES
              hdrctl verify
              hdrctl verify /mnt/copy/hdrlog -o json
            """)

    @Argument(help: ArgumentHelp("Directory of segments.", valueName: "directory"))
    var directory = "/var/lib/hdrlog"

    @Option(name: .shortAndLong, help: "text or json.")
    var output = ReportFormat.text

    func run() throws {
        let report: VerifyReport
        do throws(StoreError) {
            report = try StoreReader(directory: directory).verify()
        } catch {
            throw Failure(.inputOutput, "\(error)")
        }
        let out = StandardOutput(prompt: false)
        switch output {
        case .json: try out.line(JSONValue(encoding: Told(directory, report)).text)
        case .text: try print(report, to: out)
        }
        try out.flush()
        if !report.findings.isEmpty { throw Failure(.badNews, "") }
    }

    private func print(_ report: VerifyReport, to out: StandardOutput) throws(Failure) {
        let style = Style(isOn: StandardOutput.isTerminal)
        for finding in report.findings {
            let place = finding.block.map { "\(finding.segment), block \($0)" } ?? finding.segment
            try out.line("\(style.bad("damaged")): \(Escaped.text("\(directory)/\(place): \(finding.what)"))")
        }
        let count = report.findings.count
        let sum =
            "\(report.segments) segments, \(report.blocks) blocks, \(report.records) records, "
            + "\(report.intervals) intervals of flows"
        try out.line("\(Escaped.text(directory)): \(sum): " + (count == 0 ? "all sound" : "\(count) damaged"))
    }
}

/// The report as JSON.
private struct Told: Encodable {
    var directory: String
    var segments: Int
    var blocks: Int
    var records: Int64
    var intervals: Int
    var findings: [Finding]

    struct Finding: Encodable {
        var segment: String
        /// Missing when the segment as a whole cannot be read.
        var block: Int64?
        var problem: String
    }

    init(_ directory: String, _ report: VerifyReport) {
        self.directory = directory
        segments = report.segments
        blocks = report.blocks
        records = report.records
        intervals = report.intervals
        findings = report.findings.map { Finding(segment: $0.segment, block: $0.block, problem: $0.what) }
    }
}
