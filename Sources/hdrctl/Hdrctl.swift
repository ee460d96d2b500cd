internal import ArgumentParser
internal import Glibc
internal import Wire

@main
struct Hdrctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hdrctl",
        abstract: "Ask the log of packet headers.",
        discussion: """
            EXAMPLES
              hdrctl query --proto tcp --since 10m             TCP of the last ten minutes
              hdrctl query 'tcp flags syn and not src net 10.0.0.0/8' -o json
              hdrctl query --host 192.0.2.7 --follow           records as they come
              hdrctl export --since 1h > headers.pcapng        for Wireshark
              hdrctl status                                    counters, losses, disk use
              hdrctl doctor                                    what this host lacks, and the remedy

            Exit status: 0 done, 1 the answer is bad news, 64 wrong arguments, 69 no daemon, 74 input or output failed, \
            77 no permission.
            """,
        version: "hdrctl \(Version.current)",
        subcommands: [
            QueryCommand.self, FlowsCommand.self, CountersCommand.self, HistogramCommand.self, TopCommand.self,
            SeriesCommand.self, SQLCommand.self, ExportCommand.self, StatusCommand.self, DoctorCommand.self,
            DiskUsageCommand.self,
            VerifyCommand.self,
            ConfigCommand.self, ReloadCommand.self, RotateCommand.self, VacuumCommand.self,
        ])

    static func main() {
        Heap.prepare()
        // A reader that has seen enough (`head`) is no error: writing fails with EPIPE, which ends the program quietly.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parsed()
            try command.run()
        } catch let failure as Failure {
            failure.exit()
        } catch {
            exit(withError: error)
        }
    }

    /// A sub-command is parsed by itself, since to set up the parsers of all takes longer than most answers; what it does
    /// not take (mistakes, `--help`) the whole parser tells.
    private static func parsed() throws -> any ParsableCommand {
        let arguments = CommandLine.arguments.dropFirst()
        if let chosen = configuration.subcommands.first(where: { $0.configuration.commandName == arguments.first }),
            let command = try? chosen.parseAsRoot(Array(arguments.dropFirst()))
        {
            return command
        }
        return try parseAsRoot()
    }
}
