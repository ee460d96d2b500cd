import Foundation
import Testing
import WireFixture

@Suite("hdrctl export", .timeLimit(.minutes(2)))
struct ExportTests {
    @Test("pcap holds the header bytes as they were, with the frames' true lengths and stamps")
    func pcap() async throws {
        let server = try TestDaemon()
        let file = NSTemporaryDirectory() + "hdrlog-export-\(UUID().uuidString.prefix(8)).pcap"
        defer { unlink(file) }
        let command = "\(binary) export --format pcap --socket \(server.path) > \(file)"
        let result = try await run("/bin/sh", ["-c", command])
        #expect(result.status == 0, "\(result.errors)")
        var rest = try Data(contentsOf: URL(fileURLWithPath: file))[...]
        func number() -> Int {
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(number() == 0xA1B2_3C4D)
        rest = rest.dropFirst(20)
        for entry in MemoryService.conversation {
            #expect(number() == Int(entry.time / 1_000_000_000))
            #expect(number() == 0)
            let captured = number()
            #expect(number() == entry.bytes.count)
            #expect(Array(rest.prefix(captured)) == Array(entry.bytes.prefix(captured)))
            rest = rest.dropFirst(captured)
        }
        #expect(rest.isEmpty)
    }

    @Test(
        "tcpdump reads pcapng and tells the same packets",
        .enabled(if: access("/usr/bin/tcpdump", X_OK) == 0, "needs tcpdump"))
    func pcapng() async throws {
        let server = try TestDaemon()
        let result = try await run(
            "/bin/sh", ["-c", "\(binary) export --quiet --socket \(server.path) | tcpdump -n -tt -r - 2>/dev/null"])
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 5, "\(result.output)")
        #expect(lines.first?.contains("IP 192.0.2.7.40000 > 198.51.100.1.443") == true)
        #expect(lines.last?.contains("1700000004.000000") == true)
    }

    @Test("a terminal gets no capture file, an unknown format is an error")
    func refused() async throws {
        let result = try await hdrctl("export", "--format", "xml")
        #expect(result.status == 64)
        #expect(result.errors.contains("--format"))
    }

    @Test("json holds the header bytes")
    func json() async throws {
        let server = try TestDaemon()
        let result = try await hdrctl("export", "--format", "json", "--limit", "1", "--socket", server.path)
        let record = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect((record?["headers"] as? String)?.hasPrefix("0200000000020200000000010800") == true, "\(result.output)")
    }
}
