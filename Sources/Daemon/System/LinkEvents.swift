internal import CLinux
internal import Glibc

/// Waits for network interfaces to change, for a time to pass, or for somebody to ring.
///
/// What changed is not read from the events, which may be lost: whoever was woken looks at all interfaces.
final class LinkEvents: Sendable {
    private let links = hdrlog_link_events()
    private let bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    deinit {
        if links >= 0 { close(links) }
        close(bell)
    }

    /// Ends the wait of another thread.
    func ring() { eventfd_write(bell, 1) }

    /// - Parameter timeout: milliseconds at the most.
    /// - Returns: whether a link may have changed; always so where the kernel does not tell.
    func wait(timeout: Int32) -> Bool {
        var sources = [
            pollfd(fd: bell, events: Int16(POLLIN), revents: 0), pollfd(fd: links, events: Int16(POLLIN), revents: 0),
        ]
        poll(&sources, nfds_t(sources.count), timeout)
        var rung: eventfd_t = 0
        eventfd_read(bell, &rung)
        return takeEvents()
    }

    /// A burst of changes wakes once.
    /// - Returns: whether there were any.
    private func takeEvents() -> Bool {
        guard links >= 0 else { return true }
        return withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 8) { buffer in
            var isAny = false
            while recv(links, buffer.baseAddress!, buffer.count, 0) > 0 || errno == ENOBUFS { isAny = true }
            return isAny
        }
    }
}
