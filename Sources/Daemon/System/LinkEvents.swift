internal import CLinux
internal import Glibc

/// Waits for network interfaces to change, for a time to pass, or for somebody to ring.
///
/// What changed is not read from the events, which may be lost: whoever was woken looks at all interfaces.
final class LinkEvents: Sendable {
    private let links = hdrlog_link_events()
    private let bell = Bell()

    deinit { if links >= 0 { close(links) } }

    /// Ends the wait of another thread.
    func ring() { bell.ring() }

    /// - Parameter timeout: milliseconds at the most.
    /// - Returns: whether a link may have changed; always so where the kernel does not tell.
    func wait(timeout: Int32) -> Bool {
        _ = bell.wait(or: links, timeout: timeout)
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
