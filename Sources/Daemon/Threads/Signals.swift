internal import Glibc

/// The signals that steer the daemon, taken one at a time by the main thread: nothing runs inside a signal handler.
enum Signals {
    private static let handled = [SIGTERM, SIGINT, SIGHUP]

    /// Blocks the signals for this thread and all that it starts; call before any other thread exists.
    static func block() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)  // a client that hangs up is an error code, not the daemon's end
    }

    /// Waits for the next of them.
    static func next() -> Int32 {
        var set = Self.set
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in handled { sigaddset(&set, signal) }
        return set
    }
}
