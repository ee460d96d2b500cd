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
        commandName: "rotate", abstract: "End the running segment and begin the next (root).",
        discussion: "Afterwards every older segment is a sealed file that can be copied.")

    @OptionGroup var socket: SocketOption

    func run() throws { try socket.call { client throws(ClientError) in try client.order("Rotate") } }
}

struct VacuumCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vacuum", abstract: "Delete the oldest segments (root).",
        discussion: """
            Deletes whole segments; the running one stays.

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
        let time = TimeText(utc: utc)
        let out = StandardOutput(prompt: false)
        try out.line(
            "\(Escaped.text(store.directory)): \(store.segments) segments, \(Quantity.bytes(store.bytes)) of "
                + Quantity.bytes(store.limit))
        if let oldest = store.oldest, let newest = store.newest {
            try out.line("\(time.seconds(oldest)) to \(time.seconds(newest))")
        }
        try out.flush()
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
