internal import Capture
internal import Glibc
internal import Logging
internal import Records
internal import Store
internal import Wire

/// The life of the daemon.
public enum DaemonProcess {
    public static let version = Version.current

    /// Runs until SIGTERM or SIGINT.
    /// - Parameter keepsFilters: somebody calls `removeFilters` if no process follows.
    /// - Returns: the exit status: 0 after a clean stop, 1 when something failed, 64 when the configuration is wrong.
    public static func run(configurationPath: String?, keepsFilters: Bool, logLevel: LogLevel) -> Int32 {
        Signals.block()
        let log = logger(logLevel)
        do {
            let loaded = try LoadedConfiguration.read(path: configurationPath)
            let missing = Privileges.missing
            guard missing.isEmpty else {
                log.tell(
                    .startFailed, "needs \(missing.joined(separator: ", ")): start it as root or by systemd")
                return 1
            }
            Privileges.join(group: loaded.configuration.socket.group)
            Privileges.dropOthers()
            let daemon = try RunningDaemon(loaded, path: configurationPath, log)
            daemon.serve(keepsFilters: keepsFilters)
            return 0
        } catch let error as ConfigurationError {
            log.tell(.startFailed, "\(error)")
            return 64
        } catch {
            log.tell(.startFailed, "\(error)")
            return 1
        }
    }

    /// Removes the clsact filters that processes left which were told to keep them, or were killed.
    /// - Returns: the exit status: 0, whether or not there were any; 1 without the privilege.
    public static func removeFilters(logLevel: LogLevel) -> Int32 {
        let log = logger(logLevel)
        guard !Privileges.missing.contains("CAP_NET_ADMIN") else {
            log.error("needs CAP_NET_ADMIN: start it as root")
            return 1
        }
        for interface in Capture.removeFilters(from: Interfaces.presentIndices) {
            log.info("\(Interfaces.name(of: interface)): filters removed")
        }
        return 0
    }

    /// Reads the configuration and starts nothing; says what is wrong with it as a start would.
    /// - Returns: the exit status: 0 when it is valid, otherwise 64.
    public static func check(configurationPath: String?, logLevel: LogLevel) -> Int32 {
        do {
            _ = try LoadedConfiguration.read(path: configurationPath)
            print("\(configurationPath ?? LoadedConfiguration.defaultPath): the configuration is valid")
            return 0
        } catch {
            logger(logLevel).error("\(error)")
            return 64
        }
    }

    private static func logger(_ level: LogLevel) -> Logger {
        var log = Logger(label: "hdrlogd", factory: { _ in JournalLogHandler() })
        log.logLevel = level.level
        return log
    }
}
