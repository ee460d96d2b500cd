internal import CLinux
internal import CSystemd
internal import Capture
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

    /// Maps, links and the tail that an earlier process of the service left with systemd, see `DescriptorStore`.
    static var keepsakes: [Keepsake] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = Int(max(0, sd_listen_fds_with_names(0, &names)))
        defer { free(names) }
        return (0..<count).compactMap { index in
            guard let name = names?[index] else { return nil }
            defer { free(name) }
            let keepsake = Keepsake(name: String(cString: name), descriptor: firstDescriptor + Int32(index))
            return keepsake.descriptor == listeningSocket ? nil : keepsake
        }
    }

    /// Has systemd keep a descriptor for the next process of this service.
    static func keep(_ keepsake: Keepsake) {
        // Without FDPOLL=0 it would drop maps at once: polling them says EPOLLERR.
        let state = "FDSTORE=1\nFDPOLL=0\nFDNAME=\(keepsake.name)"
        withUnsafePointer(to: keepsake.descriptor) { _ = sd_pid_notify_with_fds(0, 0, state, $0, 1) }
    }

    /// Has systemd close the descriptor of that name.
    static func forget(_ name: String) { notify("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// Waits until systemd has read what it was told.
    static func wait() { _ = sd_notify_barrier(0, 5_000_000) }

    /// Whether anybody is told anything.
    static var isPresent: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// SD_LISTEN_FDS_START, an arithmetic macro that Swift does not import.
    private static let firstDescriptor: Int32 = 3

    /// The listening socket that hdrlogd.socket opened, if the daemon was started by it. It is looked for once, with
    /// `keepsakes`: libsystemd takes none of the descriptors for passed on when one of them has been closed.
    static let listeningSocket: Int32? = (firstDescriptor..<firstDescriptor + max(0, sd_listen_fds(0))).first {
        sd_is_socket_unix($0, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0
    }

    private static func notify(_ state: String) { sd_notify(0, state) }
}
