/// A number of bytes as an operator writes it: `64M`, `1G`, `4096`. Binary multiples, as in systemd's settings.
public struct ByteSize: Equatable, Sendable, CustomStringConvertible {
    public var bytes: Int

    public init(bytes: Int) { self.bytes = bytes }

    /// - Returns: nil when the text is no number with one of the suffixes K, M, G, T, or overflows.
    public init?(parsing text: String) {
        guard let bytes = parseQuantity(text, suffixes: Self.suffixes) else { return nil }
        self.bytes = bytes
    }

    public var description: String { formatQuantity(bytes, suffixes: Self.suffixes) }

    static let suffixes: [(String, Int)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10), ("", 1),
    ]
}

/// A span of time as an operator writes it: `500ms`, `10s`, `15min`, `2h`, `30d`. systemd.time(7)'s units.
public struct TimeSpan: Equatable, Sendable, CustomStringConvertible {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count * 1_000_000_000) }

    /// - Returns: nil when the text is no number with a unit, or overflows.
    public init?(parsing text: String) {
        guard let value = parseQuantity(text, suffixes: Self.suffixes) else { return nil }
        nanoseconds = Int64(value)
    }

    public var description: String {
        nanoseconds == 0 ? "0s" : formatQuantity(Int(nanoseconds), suffixes: Self.suffixes.filter { $0.0 != "m" })
    }

    static let suffixes: [(String, Int)] = [
        ("w", 604_800_000_000_000), ("d", 86_400_000_000_000), ("h", 3_600_000_000_000),
        ("min", 60_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
        ("ns", 1),
    ]
}

/// `DIGITS SUFFIX` with one of `suffixes`; nil when it is anything else, is negative or overflows.
private func parseQuantity(_ text: String, suffixes: [(String, Int)]) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let suffix = text.dropFirst(digits.count)
    guard let number = Int(digits), let unit = suffixes.first(where: { $0.0 == suffix }) else { return nil }
    let (value, overflow) = number.multipliedReportingOverflow(by: unit.1)
    return overflow ? nil : value
}

/// The largest unit that divides the value; the last suffix for zero.
private func formatQuantity(_ value: Int, suffixes: [(String, Int)]) -> String {
    let unit = suffixes.first { value != 0 && value % $0.1 == 0 } ?? suffixes[suffixes.count - 1]
    return "\(value / unit.1)\(unit.0)"
}
