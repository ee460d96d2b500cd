internal import CLinux
internal import CSystemd
internal import Glibc

/// What the daemon tells systemd and gets from it: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).
/// Without systemd every call does nothing.
enum ServiceManager {
    static func ready() { notify("READY=1") }

    /// One line for `systemctl status`.
    static func status(_ text: String) { notify("STATUS=\(text)") }

    static func stopping() { notify("STOPPING=1\nSTATUS=Stopping: draining and storing what is left") }

    /// Asks for more time to start than the unit gives: a log that was cut off is read before it is written to.
    static func starting() { notify("EXTEND_TIMEOUT_USEC=300000000\nSTATUS=Starting: opening the log") }

    /// Marks the start of a reload; `ready()` ends it. The time stamp lets systemd tell reloads apart.
    static func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        notify("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    static func watchdog() { notify("WATCHDOG=1") }

    /// How often systemd expects `watchdog()`, in microseconds; nil when it does not.
    static var watchdogInterval: UInt64? {
        var interval: UInt64 = 0
        return sd_watchdog_enabled(0, &interval) > 0 ? interval : nil
    }

    /// The listening socket that hdrlogd.socket opened, if the daemon was started by it.
    static var listeningSocket: Int32? {
        let first: Int32 = 3  // SD_LISTEN_FDS_START, an arithmetic macro that Swift does not import
        for fd in first..<(first + max(0, sd_listen_fds(0)))
        where sd_is_socket_unix(fd, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0 {
            return fd
        }
        return nil
    }

    private static func notify(_ state: String) { sd_notify(0, state) }
}
