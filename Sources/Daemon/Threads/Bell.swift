internal import CLinux
internal import Glibc

/// Ends the wait of a thread that waits for descriptors. eventfd(2).
final class Bell: Sendable {
    private let number = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    deinit { close(number) }

    func ring() { eventfd_write(number, 1) }

    /// Waits until somebody rings, the descriptor can be read, or the time is over.
    /// - Parameters:
    ///   - descriptor: negative ones never end the wait.
    ///   - timeout: milliseconds.
    /// - Returns: whether somebody rang.
    func wait(or descriptor: Int32, timeout: Int32) -> Bool {
        let isReadable = withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { sources in
            sources[0] = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            sources[1] = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(sources.baseAddress!, nfds_t(sources.count), timeout) > 0
        }
        var rung: eventfd_t = 0
        return isReadable && eventfd_read(number, &rung) == 0
    }
}
