internal import Glibc

/// A point in time as people write it: journalctl's forms.
///
///     10m   1h30m   -2h   +5min        before now; after now
///     now   today   yesterday
///     2026-11-23   2026-11-23 14:05   2026-11-23 14:05:09.25   14:05
///     2026-11-23T14:05:09Z   2026-11-23T14:05:09+01:00
///     @1700000000                      seconds since 1970
///
/// Forms without an offset are local time, or UTC if `utc` is set.
struct TimeArgument {
    struct Invalid: Error, Equatable {
        var text: String
    }

    /// UTC nanoseconds.
    let now: Int64
    let utc: Bool

    private static let second: Int64 = 1_000_000_000

    /// - Returns: UTC nanoseconds.
    func parse(_ text: String) throws(Invalid) -> Int64 {
        let trimmed = String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        if let value = word(trimmed) ?? epoch(trimmed) ?? relative(trimmed) ?? absolute(trimmed) { return value }
        throw Invalid(text: text)
    }

    private func word(_ text: String) -> Int64? {
        switch text {
        case "now": now
        case "today": midnight(0)
        case "yesterday": midnight(-1)
        case "tomorrow": midnight(1)
        default: nil
        }
    }

    private func epoch(_ text: String) -> Int64? {
        guard text.first == "@" else { return nil }
        let parts = text.dropFirst().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = Int64(parts[0]), let fraction = parts.count == 2 ? Self.fraction(parts[1]) : 0 else {
            return nil
        }
        return Self.nanoseconds(seconds, fraction)
    }

    /// `1h30m`: before now, whatever its sign, unless that is `+`.
    private func relative(_ text: String) -> Int64? {
        var rest = text[...]
        let isFuture = rest.first == "+"
        if isFuture || rest.first == "-" { rest = rest.dropFirst() }
        if rest.hasSuffix(" ago") { rest = rest.dropLast(4) }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
            guard let number = Int64(digits), let size = Self.units[String(unit)] else { return nil }
            let (span, overflow) = number.multipliedReportingOverflow(by: size)
            let (sum, second) = total.addingReportingOverflow(span)
            guard !overflow, !second else { return nil }
            total = sum
        }
        let (result, overflow) =
            isFuture ? now.addingReportingOverflow(total) : now.subtractingReportingOverflow(total)
        return overflow ? nil : result
    }

    /// systemd.time(7)'s units.
    private static let units: [String: Int64] = {
        let names: [(Int64, [String])] = [
            (1_000_000, ["ms", "msec"]), (second, ["s", "sec", "second", "seconds"]),
            (60 * second, ["m", "min", "minute", "minutes"]), (3600 * second, ["h", "hr", "hour", "hours"]),
            (86400 * second, ["d", "day", "days"]), (7 * 86400 * second, ["w", "week", "weeks"]),
        ]
        return Dictionary(uniqueKeysWithValues: names.flatMap { size, names in names.map { ($0, size) } })
    }()

    private static func nanoseconds(_ seconds: Int64, _ fraction: Int64) -> Int64? {
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: second)
        let (sum, second) = whole.addingReportingOverflow(fraction)
        return overflow || second ? nil : sum
    }

    /// Digits behind a decimal point, as nanoseconds; more than nine are cut.
    private static func fraction(_ digits: Substring) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int64((digits + "000000000").prefix(9))
    }
}

// Calendar forms.
extension TimeArgument {
    private func absolute(_ text: String) -> Int64? {
        var rest = text[...]
        var zone: Int64?
        if let (offset, length) = Self.zone(rest) {
            zone = offset
            rest = rest.dropLast(length)
        } else if rest.hasSuffix(" UTC") {
            zone = 0
            rest = rest.dropLast(4)
        }
        let parts = rest.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
        guard let first = parts.first else { return nil }
        if parts.count == 1, let clock = Self.clock(first) { return moment(today, clock, zone) }
        guard let date = Self.date(first) else { return nil }
        guard parts.count == 2 else { return moment(date, (0, 0, 0, 0), zone) }
        return Self.clock(parts[1]).flatMap { moment(date, $0, zone) }
    }

    private typealias Date = (year: Int, month: Int, day: Int)
    private typealias ClockTime = (hour: Int, minute: Int, second: Int, nanosecond: Int64)

    /// `Z` or `±HH:MM` behind a time, as seconds east and how long it is.
    private static func zone(_ text: Substring) -> (Int64, Int)? {
        if text.hasSuffix("Z") { return (0, 1) }
        guard text.count > 16, let sign = text.dropLast(5).last, sign == "+" || sign == "-" else { return nil }
        let parts = text.suffix(5).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hours = number(parts[0], 2, 0...23), let minutes = number(parts[1], 2, 0...59)
        else { return nil }
        return (Int64(hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1), 6)
    }

    private static func date(_ text: Substring) -> Date? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], 4, 1970...2261), let month = number(parts[1], 2, 1...12),
            let day = number(parts[2], 2, 1...31), day <= length(of: month, year)
        else { return nil }
        return (year, month, day)
    }

    private static func length(of month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func clock(_ text: Substring) -> ClockTime? {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), halves.count == 1 || parts.count == 3,
            let hour = number(parts[0], 2, 0...23), let minute = number(parts[1], 2, 0...59),
            let second = parts.count == 3 ? number(parts[2], 2, 0...60) : 0,
            let nanosecond = halves.count == 2 ? fraction(halves[1]) : 0
        else { return nil }
        return (hour, minute, second, nanosecond)
    }

    private static func number(_ text: Substring, _ digits: Int, _ range: ClosedRange<Int>) -> Int? {
        guard text.count == digits, text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text) else {
            return nil
        }
        return range.contains(number) ? number : nil
    }

    private func moment(_ date: Date, _ clock: ClockTime, _ zone: Int64?) -> Int64? {
        var broken = tm()
        broken.tm_year = Int32(date.year - 1900)
        broken.tm_mon = Int32(date.month - 1)
        broken.tm_mday = Int32(date.day)
        broken.tm_hour = Int32(clock.hour)
        broken.tm_min = Int32(clock.minute)
        broken.tm_sec = Int32(clock.second)
        broken.tm_isdst = -1
        let seconds = zone != nil || utc ? timegm(&broken) - Int(zone ?? 0) : mktime(&broken)
        return Self.nanoseconds(Int64(seconds), clock.nanosecond)
    }

    private var today: Date {
        var seconds = time_t(now / Self.second)
        var broken = tm()
        if utc { gmtime_r(&seconds, &broken) } else { localtime_r(&seconds, &broken) }
        return (Int(broken.tm_year) + 1900, Int(broken.tm_mon) + 1, Int(broken.tm_mday))
    }

    /// The beginning of a day. mktime(3) takes care of days of 23 and 25 hours.
    private func midnight(_ days: Int) -> Int64? {
        let today = today
        return moment((today.year, today.month, today.day + days), (0, 0, 0, 0), nil)
    }
}

extension TimeArgument {
    /// A length of time such as 1s, 5min, 1h: nanoseconds, more than zero.
    static func span(_ text: String, _ option: String) throws(Failure) -> Int64 {
        // It is what a moment that long ago lies before now.
        let now: Int64 = 1 << 62
        guard let moment = try? TimeArgument(now: now, utc: true).parse(text), moment < now else {
            throw Failure(.usage, "\(option) \"\(Escaped.text(text))\": not a time; try 1s, 5min or 1h")
        }
        return now - moment
    }
}
