import ArgumentParser
import Foundation
import Testing
import Wire
import WireFixture

@testable import hdrctl

/// Takes orders and remembers them.
private final class Orders: HdrlogService {
    let count = Counter()

    func status() async throws(ServiceError) -> StatusReply { MemoryService.sampleStatus }
    func query(_ request: QueryRequest, into sink: some ReplySink) async throws(ServiceError) -> Completeness {
        throw .unavailable(problem: "no store")
    }
    func aggregate(_ request: AggregateRequest) async throws(ServiceError) -> AggregateReply {
        let sums = AggregateReply.Sums(records: 3, bytes: 300, estimatedPackets: 30, estimatedBytes: 3000)
        let total = AggregateReply.Sums(records: 4, bytes: 400, estimatedPackets: 40, estimatedBytes: 4000)
        let values = (request.fields ?? []).map { $0 == "source" ? "192.0.2.7" : "" }
        if request.compute != nil { return Self.sampled(values) }
        return AggregateReply(
            groups: [.init(bucket: request.bucket.map { $0 * 2 }, values: values, sums: sums)], total: total,
            rest: .init(records: 0, bytes: 0, estimatedPackets: 0, estimatedBytes: 0), groupCount: 1,
            completeness: Completeness(since: 0, until: 1, records: 4, rates: [SamplingRate(rate: 10, records: 4)]))
    }
    /// A sum with a margin and an estimated number of different values.
    private static func sampled(_ values: [String]) -> AggregateReply {
        let group = AggregateReply.Sums(
            records: 3, bytes: 300, estimatedPackets: 30, estimatedBytes: 3000, packetsMargin: 6, bytesMargin: 1500)
        let total = AggregateReply.Sums(
            records: 4, bytes: 400, estimatedPackets: 40, estimatedBytes: 4000, packetsMargin: 4, bytesMargin: 1000)
        let computed = [
            AggregateReply.Computed(value: 640, margin: 16), AggregateReply.Computed(value: 5000, approximate: true),
        ]
        return AggregateReply(
            groups: [.init(values: values, sums: group, computed: computed)], total: total,
            rest: .init(records: 0, bytes: 0, estimatedPackets: 0, estimatedBytes: 0), groupCount: 1,
            completeness: Completeness(since: 0, until: 1, records: 4, rates: [SamplingRate(rate: 10, records: 4)]))
    }

    func config() async throws(ServiceError) -> ConfigReply {
        ConfigReply(settings: [
            .init(key: "storage.max_use", value: "4G", origin: "default"),
            .init(key: "capture.hook", value: "\"tc\"", origin: "/etc/hdrlog/hdrlogd.toml:7"),
        ])
    }
    func reload() async throws(ServiceError) { throw .unavailable(problem: "hdrlogd.toml:3: no such key") }
    func rotate() async throws(ServiceError) { count.add(1) }
    func vacuum(_ request: VacuumRequest) async throws(ServiceError) -> VacuumReply {
        VacuumReply(segments: 2, bytes: request.bytes ?? 0)
    }
}

@Suite("hdrctl's orders to the daemon", .timeLimit(.minutes(2)))
struct AdministrationTests {
    @Test("rotate reaches the daemon")
    func rotate() async throws {
        let orders = Orders()
        let server = try TestDaemon(orders)
        #expect(try await hdrctl("rotate", "--socket", server.path).status == 0)
        #expect(orders.count.value == 1)
    }

    @Test("a reload that fails says why")
    func reload() async throws {
        let server = try TestDaemon(Orders())
        let result = try await hdrctl("reload", "--socket", server.path)
        #expect(result.status == 69)
        #expect(result.errors == "hdrctl: the daemon cannot answer: hdrlogd.toml:3: no such key\n")
    }

    @Test("vacuum takes a size and tells what it deleted")
    func vacuum() async throws {
        let server = try TestDaemon(Orders())
        let result = try await hdrctl("vacuum", "--size", "500M", "--socket", server.path)
        #expect(result.output == "deleted 2 segments, 500M\n")
        #expect(try await hdrctl("vacuum").status == 64)
        #expect(try await hdrctl("vacuum", "--size", "5X").errors.contains("not a size"))
        #expect(try await hdrctl("vacuum", "--age", "soon").errors.contains("not a time"))
    }

    @Test("config shows values with their origins")
    func config() async throws {
        let server = try TestDaemon(Orders())
        let result = try await hdrctl("config", "--socket", server.path)
        #expect(
            result.output.split(separator: "\n") == [
                "storage.max_use = 4G  # default", "capture.hook = \"tc\"   # /etc/hdrlog/hdrlogd.toml:7",
            ])
    }

    @Test("disk-usage tells segments, bytes and reach of both families")
    func diskUsage() async throws {
        let server = try TestDaemon(Orders())
        let result = try await hdrctl("disk-usage", "--utc", "--socket", server.path)
        #expect(result.output.contains("/var/lib/hdrlog: 11.8M of 4G"))
        #expect(result.output.contains("headers: 3 segments, 9.9M of 4G"))
        #expect(result.output.contains("flows: 1 segment, 1.9M of 512M"))
        #expect(result.output.contains("2023-11-14 21:56:40 UTC to 2023-11-14 22:13:19 UTC"))
    }

    @Test("top prints groups with their share, series the time of each")
    func aggregates() async throws {
        let server = try TestDaemon(Orders())
        let top = try await hdrctl("top", "--by", "source,destinationPort", "--socket", server.path)
        #expect(
            top.output.split(separator: "\n") == [
                "source     destinationPort  PACKETS  BYTES  SHARE", "192.0.2.7  -                30       3000   75%",
            ], "\(top.output)")
        #expect(top.errors.contains("sampled: 1 in 10"))
        let more = try await hdrctl(
            "top", "--by", "source", "--distinct", "destination", "--sum", "ttl", "--socket", server.path)
        #expect(
            more.output.split(separator: "\n") == [
                "source     PACKETS  ±    BYTES  ±    SHARE  SUM(ttl)    DISTINCT(destination)",
                "192.0.2.7  30       20%  3000   50%  75%    640 ± 2.5%  ~5000",
            ], "\(more.output)")
        #expect(more.errors.contains("estimated: 40 packets ± 10%, 4000 bytes ± 25% (95 %)"), "\(more.errors)")
        #expect(more.errors.contains("~ is an estimate of different values"))
        let series = try await hdrctl("series", "--every", "1h", "--utc", "--socket", server.path)
        #expect(series.output.contains("1970-01-01 02:00:00 UTC  30"), "\(series.output)\(series.errors)")
        #expect(try await hdrctl("series", "--every", "x").errors.contains("--every \"x\": not a time"))
        #expect(try await hdrctl("top", "--by", "nothing").errors.contains("there is no field \"nothing\""))
    }

    @Test("a daemon that does not offer a method says so")
    func notOffered() async throws {
        let server = try TestDaemon()
        let result = try await hdrctl("rotate", "--socket", server.path)
        #expect(result.status == 64 && result.errors.contains("does not offer io.hdrlog.Rotate"))
    }

    @Test("only root changes something", .enabled(if: getuid() == 0, "needs root to become another user"))
    func permission() async throws {
        let server = try TestDaemon(Orders())
        chmod(server.path, 0o666)
        let other = ["--reuid", "65534", "--regid", "65534", "--clear-groups", binary]
        let order = try await run("/usr/bin/setpriv", other + ["rotate", "--socket", server.path])
        #expect(order.status == 77 && order.errors.contains("permission denied: root"), "\(order.errors)")
        let question = try await run("/usr/bin/setpriv", other + ["status", "--socket", server.path])
        #expect(question.status == 0)
    }

    @Test("the manual page names every command")
    func manual() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let text = try String(contentsOf: root.appendingPathComponent("docs/man/hdrctl.1"), encoding: .utf8)
        for command in Hdrctl.configuration.subcommands {
            let name = command.configuration.commandName!.replacingOccurrences(of: "-", with: "\\-")
            #expect(
                text.contains(".B \(name)\n") || text.contains("\(name) ") || text.contains("\" \(name)"), "\(name)")
        }
    }
}
