internal import ArgumentParser
internal import Wire

/// Whom to ask.
struct SourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Socket of the daemon.", valueName: "path"))
    var socket = Client.defaultPath

    @Option(
        name: [.customShort("D"), .long],
        help: ArgumentHelp("Read the segments in a directory; no daemon is needed.", valueName: "directory"))
    var directory: String?

    var source: RecordSource { directory.map { .directory($0) } ?? .daemon(path: socket) }
}

/// A range of time.
struct TimeOptions: ParsableArguments {
    @Option(
        name: [.customShort("S"), .long],
        help: ArgumentHelp("From then on: 10m, 2h, yesterday, 2026-11-23 14:05, ISO 8601.", valueName: "time"))
    var since: String?

    @Option(name: [.customShort("U"), .long], help: ArgumentHelp("Until then, exclusive.", valueName: "time"))
    var until: String?

    @Flag(help: "Times are UTC, written and read.")
    var utc = false

    /// - Parameter now: UTC nanoseconds.
    func range(now: Int64) throws(Failure) -> (since: Int64?, until: Int64?) {
        let since = try since.map { text throws(Failure) in try time(text, "--since", now) }
        let until = try until.map { text throws(Failure) in try time(text, "--until", now) }
        if let since, let until, until < since { throw Failure(.usage, "--until lies before --since") }
        return (since, until)
    }

    private func time(_ text: String, _ option: String, _ now: Int64) throws(Failure) -> Int64 {
        do {
            return try TimeArgument(now: now, utc: utc).parse(text)
        } catch {
            throw Failure(
                .usage,
                "\(option) \"\(Escaped.text(text))\": not a time; try 10m, 2h, yesterday, \"2026-11-23 14:05\" or "
                    + "2026-11-23T14:05:00Z")
        }
    }
}
