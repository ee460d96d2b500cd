import Foundation
import Testing
import Wire
import WireFixture

/// The real binary against the real server.
@Suite("hdrctl", .timeLimit(.minutes(2)))
struct CommandTests {
    @Test("query prints a table of what is selected and says what that covers")
    func table() async throws {
        let server = try TestDaemon()
        let result = try await hdrctl("query", "--proto", "tcp", "--socket", server.path, "--utc")
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].contains("SOURCE"))
        #expect(lines[1].contains("2023-11-14 22:13:20.000000"))
        #expect(lines[1].contains("192.0.2.7:40000") && lines[1].contains("198.51.100.1:443"))
        #expect(lines[3].contains("[2001:db8::7]:40001"))
        #expect(result.errors.contains("3 records of"))
        #expect(result.errors.contains("ring full on eth0, 3 records"))
    }

    @Test("query -o json prints an object a line with every field")
    func json() async throws {
        let server = try TestDaemon()
        let result = try await hdrctl("query", "-o", "json", "--socket", server.path, "port", "53")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 1)
        let record = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
        #expect(record?["source"] as? String == "192.0.2.7")
        #expect(record?["destinationPort"] as? Int == 53)
        #expect(record?["udpLength"] as? Int == 48)
        #expect(record?["time"] as? Int == 1_700_000_003_000_000_000)
    }

    @Test("query -o csv prints the chosen columns, quoted and without formulas")
    func csv() async throws {
        var entries = MemoryService.conversation
        entries[0].interface = 2
        entries[1].interface = 3
        let server = try TestDaemon(MemoryService(entries))
        let result = try await hdrctl(
            "query", "-o", "csv", "--fields", "interface,source,destinationPort,dontFragment", "--limit", "3",
            "--socket",
            server.path)
        #expect(
            result.output.split(separator: "\n") == [
                "interface,source,destinationPort,dontFragment", "\"wan \"\"1\"\"\",192.0.2.7,443,false",
                "\"'=cmd\",198.51.100.1,40000,false", "eth0,2001:db8::7,80,",
            ])
    }

    @Test("time range, limit and reverse reach the daemon")
    func range() async throws {
        let server = try TestDaemon()
        let result = try await hdrctl(
            "query", "-o", "csv", "--fields", "time", "--since", "@1700000001", "--until", "@1700000004", "--reverse",
            "--limit", "2", "--socket", server.path)
        #expect(result.output == "time\n1700000003000000000\n1700000002000000000\n")
    }

    @Test("status shows counters, identities and disk use")
    func status() async throws {
        let server = try TestDaemon()
        let result = try await hdrctl("status", "--socket", server.path, "--utc")
        #expect(result.status == 0)
        for text in [
            "eth0 in  xdp native (a NIC's driver)", "12346 frames/s", "7 truncatedL4",
            "sum ok    frames 1000000 = filtered 10 + counted 90 + sampled 999900",
            "sampled 999900 = stored 999000 + waiting 850 + ringLost 50 + storeLost 0", "3 segments, 11.8M of 4G",
        ] { #expect(result.output.contains(text), "\(text)\n\(result.output)") }
    }

    @Test("status exits with 1 when a sum is off")
    func statusOff() async throws {
        var reply = MemoryService.sampleStatus
        var interface = reply.interfaces[0]
        interface.counters.stored += 1
        interface = InterfaceStatus(
            name: "eth0", index: 1, direction: "in", hook: "tc", mode: "tcx", reason: "", counters: interface.counters)
        reply = StatusReply(
            version: "1", host: "h", time: 1, startTime: 0, interfaces: [interface], store: reply.store)
        let server = try TestDaemon(StatusOnly(reply: reply))
        let result = try await hdrctl("status", "--socket", server.path)
        #expect(result.status == 1)
        #expect(result.output.contains("SUM OFF by -1"))
    }

    @Test(
        "a mistake is one clear line and an exit status",
        arguments: [
            (["query", "--since", "soon"], "hdrctl: --since \"soon\": not a time", 64),
            (["query", "--since", "1h", "--until", "2h"], "hdrctl: --until lies before --since", 64),
            (["query", "--host", "1.2.3.0/40"], "hdrctl: --host \"1.2.3.0/40\": not a CIDR prefix", 64),
            (["query", "--fields", "sourcePrt"], "hdrctl: --fields: there is no field \"sourcePrt\"", 64),
            (
                ["query", "--socket", "/nonexistent"],
                "hdrctl: hdrlogd is not running (nothing listens on /nonexistent)", 69
            ),
            (["status", "--socket", "/nonexistent"], "hdrctl: hdrlogd is not running", 69),
            (["query", "tcp", "prot"], "hdrctl: filter, column 5: found \"prot\"", 64),
            (["query", "--nonsense"], "Error: Unknown option '--nonsense'", 64),
        ])
    func mistakes(_ arguments: [String], _ message: String, _ status: Int32) async throws {
        let result = try await hdrctl(arguments)
        #expect(result.errors.hasPrefix(message), "\(result.errors)")
        #expect(result.status == status)
        #expect(result.output.isEmpty)
    }

    @Test(
        "no permission names the group and the remedy", .enabled(if: getuid() == 0, "needs root to become another user")
    )
    func permission() async throws {
        let server = try TestDaemon()
        let result = try await run(
            "/usr/bin/setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", binary, "status", "--socket", server.path])
        #expect(result.status == 77)
        #expect(result.errors.contains("it takes root or group \"root\" (as root: usermod -aG root nobody"))
    }

    @Test("a reader that closes the pipe ends the query quietly")
    func pipe() async throws {
        let server = try TestDaemon(MemoryService(MemoryService.conversation, rounds: 100_000))
        let result = try await run("/bin/sh", ["-c", "\(binary) query -o json --socket \(server.path) | head -n 2"])
        #expect(result.output.split(separator: "\n").count == 2)
        #expect(result.errors.isEmpty)
    }

    @Test("control characters from elsewhere do not reach the terminal")
    func escapes() async throws {
        let result = try await hdrctl("query", "--since", "\u{1B}[31m")
        #expect(result.errors.contains("\\u{1b}[31m"))
        #expect(!result.errors.contains("\u{1B}"))
    }
}

struct StatusOnly: HdrlogService {
    var reply: StatusReply
    func status() async throws(ServiceError) -> StatusReply { reply }
    func query(_ request: QueryRequest, into sink: some ReplySink) async throws(ServiceError) -> Completeness {
        throw .unavailable(problem: "no store")
    }
}
