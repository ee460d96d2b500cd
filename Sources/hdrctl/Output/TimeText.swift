internal import Glibc

/// UTC nanoseconds as people read them, in local time or UTC.
struct TimeText {
    let utc: Bool

    private func broken(_ time: Int64) -> (tm, nanoseconds: Int64) {
        let second: Int64 = 1_000_000_000
        let nanoseconds = (time % second + second) % second
        var seconds = time_t((time - nanoseconds) / second)
        var broken = tm()
        if utc { gmtime_r(&seconds, &broken) } else { localtime_r(&seconds, &broken) }
        return (broken, nanoseconds)
    }

    /// `2026-11-23 14:05:09`
    func seconds(_ time: Int64) -> String {
        let (broken, _) = broken(time)
        return "\(date(broken)) \(clock(broken))" + (utc ? " UTC" : "")
    }

    /// `2026-11-23 14:05:09.123456`
    func microseconds(_ time: Int64) -> String {
        let (broken, nanoseconds) = broken(time)
        return "\(date(broken)) \(clock(broken)).\(padded(nanoseconds / 1000, 6))"
    }

    private func date(_ broken: tm) -> String {
        "\(padded(Int64(broken.tm_year) + 1900, 4))-\(padded(Int64(broken.tm_mon) + 1, 2))-\(padded(Int64(broken.tm_mday), 2))"
    }

    private func clock(_ broken: tm) -> String {
        [broken.tm_hour, broken.tm_min, broken.tm_sec].map { padded(Int64($0), 2) }.joined(separator: ":")
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
