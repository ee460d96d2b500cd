internal import Capture
internal import Glibc
internal import Logging
internal import Records
internal import Store
internal import Wire

/// The life of the daemon.
public enum DaemonProcess {
    /// Runs until SIGTERM or SIGINT.
    /// - Returns: the exit status: 0 after a clean stop, 1 when something failed, 64 when the configuration is wrong.
    public static func run(configurationPath: String?, logLevel: LogLevel) -> Int32 {
        Signals.block()
        var log = Logger(label: "hdrlogd", factory: { _ in JournalLogHandler() })
        log.logLevel = logLevel.level
        do {
            let loaded = try LoadedConfiguration.read(path: configurationPath)
            let missing = Privileges.missing
            guard missing.isEmpty else {
                log.error("needs \(missing.joined(separator: ", ")): start it as root or by systemd")
                return 1
            }
            Privileges.dropOthers()
            let daemon = try RunningDaemon(loaded.configuration, log)
            daemon.serve(configurationPath: configurationPath)
            return 0
        } catch let error as ConfigurationError {
            log.error("\(error)")
            return 64
        } catch {
            log.error("\(error)")
            return 1
        }
    }
}
