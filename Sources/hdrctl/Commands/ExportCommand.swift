internal import ArgumentParser
internal import Glibc
internal import Records
internal import Wire

enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case pcapng, pcap, json, csv
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the logged packets that a filter selects for other programs.",
        discussion: """
            pcapng and pcap hold the header bytes as they were on the wire, with the frames' true lengths; payloads were \
            never logged. Goes to standard output: redirect it.

            EXAMPLES
              hdrctl export --since 1h > headers.pcapng
              hdrctl export --host 192.0.2.7 | tshark -r -
              hdrctl export --format pcap 'tcp flags syn' | tcpdump -nr -
              hdrctl export --format csv --directory /mnt/disk/hdrlog > all.csv
            """)

    @OptionGroup(title: "Selection") var filter: FilterOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Source") var source: SourceOptions

    @Option(help: "pcapng, pcap, json (an object a line, header bytes included) or csv.")
    var format = ExportFormat.pcapng

    @OptionGroup var limit: LimitOption

    @Flag(name: .shortAndLong, help: "Say nothing of what the export covers.")
    var quiet = false

    func run() throws {
        if format == .pcap || format == .pcapng, StandardOutput.isTerminal {
            throw Failure(.usage, "a capture file is nothing for a terminal: redirect the output")
        }
        let completeness =
            switch format {
            case .json, .csv: try text()
            case .pcapng: try capture(PcapngWriter())
            case .pcap: try capture(nil)
            }
        guard !quiet, let completeness else { return }
        for line in Note(completeness: completeness, time: TimeText(utc: time.utc)).lines {
            StandardError.line("hdrctl: \(line)")
        }
    }

    private func request() throws -> QueryRequest {
        let range = try time.range(now: Now.nanoseconds)
        return QueryRequest(
            filter: try filter.text(), since: range.since, until: range.until, limit: limit.count,
            raw: format == .csv ? nil : true)
    }

    private func text() throws -> Completeness? {
        let writer = RecordWriter(format == .csv ? .csv : .json, fields: nil, utc: time.utc, prompt: false)
        let completeness = try source.source.query(try request()) { records throws(Failure) in
            try writer.write(records)
        }
        try writer.finish()
        return completeness
    }

    /// - Parameter writer: nil for pcap, whose header has to know the first frame's link type.
    private func capture(_ writer: (any CaptureWriter)?) throws -> Completeness? {
        let output = StandardOutput(prompt: false)
        var writer = writer
        var view = RecordView()
        if let writer { try output.bytes(writer.header) }
        let completeness = try source.source.query(try request()) { records throws(Failure) in
            for record in records {
                try view.read(record)
                guard let frame = CaptureFrame(view, headers: view.headers, linkType: view.linkType) else {
                    throw Failure(.inputOutput, "a record came without its header bytes")
                }
                var bytes: [UInt8] = []
                if writer == nil {
                    writer = PcapWriter(link: frame.link)
                    bytes = writer!.header
                }
                try writer!.append(frame, to: &bytes)
                try output.bytes(bytes)
            }
        }
        if writer == nil { try output.bytes(PcapWriter(link: .ethernet).header) }
        try output.flush()
        return completeness
    }
}
