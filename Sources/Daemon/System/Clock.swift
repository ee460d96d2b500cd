// The members of glibc's structs belong to whichever C module the compiler met first, so all of them are named.
internal import CLinux
internal import CSystemd
internal import Glibc

/// The daemon's clocks; no other module reads one. All in nanoseconds.
enum Clock {
    /// UTC since 1970.
    static var wall: Int64 { read(CLOCK_REALTIME) }

    /// Since boot, suspend included: the clock of record stamps.
    static var boot: Int64 { read(CLOCK_BOOTTIME) }

    /// What to add to a record's stamp to get UTC.
    static var bootToWall: Int64 { offset(of: CLOCK_BOOTTIME) }

    /// What to add to a flow's time to get UTC.
    static var monotonicToWall: Int64 { offset(of: CLOCK_MONOTONIC) }

    /// From a clock to UTC. The narrowest of a few tries, so that being scheduled away between the readings does not
    /// shift the log's time.
    private static func offset(of clock: clockid_t) -> Int64 {
        var best: (width: Int64, offset: Int64) = (.max, 0)
        for _ in 0..<3 {
            let before = read(clock)
            let wall = wall
            let after = read(clock)
            if after - before < best.width { best = (after - before, wall - (before + after) / 2) }
        }
        return best.offset
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)  // cannot fail for these clocks
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Waiting on purpose.
enum Pause {
    static func milliseconds(_ count: UInt32) { usleep(count * 1000) }
}
