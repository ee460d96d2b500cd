import Testing

@testable import Daemon

@Suite struct QuantityTests {
    @Test(
        "sizes take binary suffixes",
        arguments: [("0", 0), ("512", 512), ("4K", 4096), ("64M", 64 << 20), ("1T", 1 << 40)])
    func size(text: String, bytes: Int) {
        #expect(ByteSize(parsing: text)?.bytes == bytes)
        #expect(ByteSize(bytes: bytes).description == text)
    }

    @Test("what is no size is refused", arguments: ["", "M", "-1", "1.5G", "64MB", "99999999T", "1 M"])
    func noSize(text: String) { #expect(ByteSize(parsing: text) == nil) }

    @Test(
        "time spans take systemd's units",
        arguments: [("250ms", 250_000_000), ("5s", 5_000_000_000), ("1d", 86_400_000_000_000)])
    func span(text: String, nanoseconds: Int64) {
        #expect(TimeSpan(parsing: text)?.nanoseconds == nanoseconds)
        #expect(TimeSpan(nanoseconds: nanoseconds).description == text)
    }

    @Test("m is minutes, a bare number is no time span") func units() {
        #expect(TimeSpan(parsing: "10m") == TimeSpan(parsing: "10min"))
        #expect(TimeSpan(parsing: "10") == nil)
    }
}
