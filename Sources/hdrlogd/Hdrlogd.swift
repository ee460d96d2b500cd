public import ArgumentParser
public import Daemon

@main
struct Hdrlogd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hdrlogd",
        abstract: "Log the header elements of network packets.",
        discussion: """
            Runs in the foreground, as systemd wants it; logs to the journal, or to stderr elsewhere. Needs CAP_BPF, \
            CAP_NET_ADMIN and CAP_PERFMON (or root). SIGTERM and SIGINT stop it cleanly, SIGHUP reloads its configuration.

            EXAMPLES
              hdrlogd                                  with /etc/hdrlog/hdrlogd.toml, if there is one
              hdrlogd --config ./test.toml             with another file and its drop-ins, ./test.toml.d/*.toml
              hdrlogd --check-config                   say what is wrong with the configuration, start nothing
              hdrlogd --print-config                   print every key with its default and what it is for
            """,
        version: "hdrlogd \(DaemonProcess.version)")

    @Option(name: .shortAndLong, help: ArgumentHelp("Read this configuration.", valueName: "file"))
    var config: String?

    @Flag(help: "Check the configuration and exit.")
    var checkConfig = false

    @Flag(help: "Print a configuration file with every key and exit.")
    var printConfig = false

    @Flag(help: "At the end, leave filters at tc to the next process, or to --remove-filters: for the unit.")
    var keepFilters = false

    @Flag(help: "Remove the filters at tc that a process left, and exit; before Linux 6.6 they outlive it.")
    var removeFilters = false

    @Option(help: ArgumentHelp("Log this and what is graver: debug, info, notice, warning, error.", valueName: "level"))
    var logLevel = LogLevel.info

    func run() throws {
        if printConfig { return print(Configuration().sampleFile, terminator: "") }
        if removeFilters { throw ExitCode(DaemonProcess.removeFilters(logLevel: logLevel)) }
        let status =
            checkConfig
            ? DaemonProcess.check(configurationPath: config, logLevel: logLevel)
            : DaemonProcess.run(configurationPath: config, keepsFilters: keepFilters, logLevel: logLevel)
        throw ExitCode(status)
    }
}

extension LogLevel: ExpressibleByArgument {}
