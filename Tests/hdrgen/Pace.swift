internal import Glibc

/// Spreads a number of frames evenly over time.
struct Pace {
    /// Frames a second; nil as fast as it goes.
    let rate: Int?

    /// Calls `send` with numbers that add up to `count`, each when its time has come. Each call of the kernel takes
    /// 20–30 ms whatever it sends (it waits for RCU), so frames come in bursts of that length.
    func run(count: Int, send: (Int) throws(KernelError) -> Void) throws(KernelError) {
        guard let rate else { return try send(count) }
        let start = Self.now()
        var sent = 0
        while sent < count {
            let due = min(count, 1 + Int(Double(rate) * Double(Self.now() - start) / 1e9))
            if due > sent {
                try send(due - sent)
                sent = due
            }
            Self.sleep(until: start + Int(Double(sent) / Double(rate) * 1e9))
        }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func sleep(until time: Int) {
        var wake = timespec(tv_sec: time / 1_000_000_000, tv_nsec: time % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nil) == EINTR {}
    }
}
