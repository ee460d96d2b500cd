internal import ArgumentParser
internal import Wire

/// The socket alone: for commands that a directory cannot answer.
struct SocketOption: ParsableArguments {
    @Option(help: ArgumentHelp("Socket of the daemon.", valueName: "path"))
    var socket = Client.defaultPath

    func call<Answer>(_ body: (inout Client) throws(ClientError) -> Answer) throws(Failure) -> Answer {
        do throws(ClientError) {
            var client = try Client(path: socket)
            return try body(&client)
        } catch {
            throw Failure(error)
        }
    }
}

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the daemon read its configuration again (root).",
        discussion: "A wrong configuration changes nothing; the daemon's answer says what is wrong.")

    @OptionGroup var socket: SocketOption

    func run() throws { try socket.call { client throws(ClientError) in try client.order("Reload") } }
}

struct RotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "End the running segments and begin the next (root).",
        discussion: "Afterwards every older segment is a sealed file that can be copied.")

    @OptionGroup var socket: SocketOption

    func run() throws { try socket.call { client throws(ClientError) in try client.order("Rotate") } }
}

struct VacuumCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vacuum", abstract: "Delete the oldest segments (root).",
        discussion: """
            Deletes whole segments of headers, and of flows and counters; those that run stay. Of a size,
            flows may keep a quarter.

            EXAMPLES
              hdrctl vacuum --size 500M        until the log takes at most 500 MiB
              hdrctl vacuum --age 7d           what is older than a week
            """)

    @OptionGroup var socket: SocketOption

    @Option(help: ArgumentHelp("Keep at most so many bytes (K, M, G, T).", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("Keep nothing that is older (2h, 7d).", valueName: "time"))
    var age: String?

    func validate() throws {
        if size == nil, age == nil { throw ValidationError("vacuum needs --size or --age") }
    }

    func run() throws {
        let request = VacuumRequest(bytes: try size.map(Self.bytes), before: try age.map(Self.before))
        let told = try socket.call { client throws(ClientError) in try client.vacuum(request) }
        let out = StandardOutput(prompt: false)
        try out.line("deleted \(told.segments) segments, \(Quantity.bytes(told.bytes))")
        try out.flush()
    }

    private static func bytes(_ text: String) throws(Failure) -> Int {
        guard let bytes = Quantity.parse(text) else {
            throw Failure(.usage, "--size \"\(Escaped.text(text))\": not a size; try 500M or 2G")
        }
        return bytes
    }

    private static func before(_ text: String) throws(Failure) -> Int64 {
        do {
            return try TimeArgument(now: Now.nanoseconds, utc: false).parse(text)
        } catch {
            throw Failure(.usage, "--age \"\(Escaped.text(text))\": not a time; try 7d or 2026-11-23")
        }
    }
}

struct DiskUsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk-usage", abstract: "Show what the log takes on disk, and how far it reaches back.")

    @OptionGroup var socket: SocketOption

    @Flag(help: "Times are UTC.")
    var utc = false

    func run() throws {
        let store = try socket.call { client throws(ClientError) in try client.status() }.store
        let out = StandardOutput(prompt: false)
        let all = "\(Quantity.bytes(store.bytes)) of \(Quantity.bytes(store.limit))"
        try out.line("\(Escaped.text(store.directory)): \(all)")
        for (name, family) in [("headers", store.headers), ("flows", store.flows)] {
            if let family { for line in lines(name, family) { try out.line(line) } }
        }
        try out.flush()
    }

    private func lines(_ name: String, _ family: FamilyStatus) -> [String] {
        let time = TimeText(utc: utc)
        var lines = ["\(name): \(StatusReport.family(family))"]
        if let oldest = family.oldest, let newest = family.newest {
            lines.append("  \(time.seconds(oldest)) to \(time.seconds(newest))")
        }
        if let span = family.reach {
            lines.append("  would reach back \(Quantity.duration(span)) at the rate so far")
        }
        return lines
    }
}

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the settings in force, and where each comes from.")

    @OptionGroup var socket: SocketOption

    func run() throws {
        let settings = try socket.call { client throws(ClientError) in try client.config() }.settings
        let width = settings.map { $0.key.count + $0.value.count }.max() ?? 0
        let out = StandardOutput(prompt: false)
        for setting in settings {
            let text = Escaped.text("\(setting.key) = \(setting.value)")
            let space = String(repeating: " ", count: max(0, width + 3 - text.count) + 2)
            try out.line(text + space + "# " + Escaped.text(setting.origin))
        }
        try out.flush()
    }
}
