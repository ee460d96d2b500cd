import Foundation
import Testing

@testable import hdrctl

@Suite("Times as people write them")
struct TimeArgumentTests {
    /// 2026-11-23 14:05:09 UTC, a Monday.
    static let now: Int64 = 1_795_442_709_000_000_000
    let utc = TimeArgument(now: now, utc: true)
    static let second: Int64 = 1_000_000_000

    /// Texts with their seconds and nanoseconds from `now`.
    static let forms: [(String, Int64, Int64)] = [
        ("now", 0, 0), ("10m", -600, 0), ("-10m", -600, 0), ("+10m", 600, 0),
        ("10min", -600, 0), ("2h", -7200, 0), ("1h30m", -5400, 0),
        ("1h 30min", -5400, 0), ("2h ago", -7200, 0), ("3d", -259200, 0),
        ("1w", -604800, 0), ("500ms", 0, -500_000_000),
        ("today", -50709, 0),
        ("yesterday", -137109, 0),
        ("2026-11-23 14:05:09", 0, 0), ("2026-11-23 14:05", -9, 0),
        ("2026-11-23T14:05:09Z", 0, 0), ("2026-11-23T14:05:09", 0, 0), ("2026-11-23 14:05:09 UTC", 0, 0),
        ("2026-11-23T15:05:09+01:00", 0, 0), ("2026-11-23T09:35:09-04:30", 0, 0),
        ("2026-11-23T14:05:09.25Z", 0, 250_000_000), ("2026-11-23 14:05:09.000000001", 0, 1),
        ("14:05:09", 0, 0), ("14:05", -9, 0),
        ("2026-11-23", -50709, 0),
        ("@1795442709", 0, 0), ("@1795442709.5", 0, 500_000_000), ("1970-01-01", -1_795_442_709, 0),
    ]

    @Test("a form means its moment", arguments: forms)
    func form(_ text: String, _ seconds: Int64, _ nanoseconds: Int64) throws {
        #expect(try utc.parse(text) == Self.now + seconds * Self.second + nanoseconds)
    }

    @Test(
        "a text that is no time is refused",
        arguments: [
            "", "soon", "10", "10x", "m", "1h30", "2026-13-01", "2026-02-30", "2026-1-1", "25:00", "14:61", "14",
            "2026-11-23T", "2026-11-23T14:05:09+1", "2026-11-23 14:05:09.x", "@", "@x", "@99999999999999999",
            "99999999999w", "--5m", "1..2", "٣h",
        ])
    func refused(_ text: String) {
        #expect(throws: TimeArgument.Invalid(text: text)) { try utc.parse(text) }
    }

    @Test("a local day of 23 hours begins at its own midnight")
    func summerTime() throws {
        setenv("TZ", "Europe/Berlin", 1)
        tzset()
        defer {
            unsetenv("TZ")
            tzset()
        }
        try #require(FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"))
        // 2026-03-29 12:00 CEST; the clocks went forward at 02:00.
        let local = TimeArgument(now: 1_774_778_400 * Self.second, utc: false)
        #expect(try local.parse("today") == 1_774_738_800 * Self.second)
        #expect(try local.parse("2026-03-29 12:00") == local.now)
        #expect(try local.parse("2026-03-29T10:00:00Z") == local.now)
    }
}
