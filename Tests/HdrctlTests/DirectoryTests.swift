import CHdrlog
import Foundation
import PacketBuilder
import Records
import SQLite
import Store
import Testing
import WireFixture

/// Segments that the real store wrote, read without a daemon.
@Suite("hdrctl --directory", .timeLimit(.minutes(2)))
struct DirectoryTests {
    private static let start: Int64 = 1_700_000_000_000_000_000

    /// A closed store of packets a millisecond apart: two of TCP from 192.0.2.7 for each of UDP from 192.0.2.8.
    private static func store(packets: Int = 150) throws -> String {
        let directory = NSTemporaryDirectory() + "hdrlog-directory-\(UUID().uuidString.prefix(8))"
        let (writer, _) = try StoreWriter.open(directory: directory, interfaces: [1: "eth0"], now: start)
        let chunk = RecordChunk(capacity: packets * 128)
        let tcp = Packet(.ethernet(), .ipv4(from: "192.0.2.7"), .tcp(to: 443))
        let udp = Packet(.ethernet(), .ipv4(from: "192.0.2.8"), .udp(to: 53), .payload(100))
        for index in 0..<packets {
            (index % 3 == 2 ? udp : tcp).withRecord(time: start + Int64(index) * 1_000_000) { record in
                var bytes = withUnsafeBytes(of: record.metadata) { Array($0) }
                bytes += record.bytes
                #expect(bytes.withUnsafeBytes { chunk.append($0) })
            }
        }
        writer.append(chunk, now: start + 1_000_000_000)
        writer.close(now: start + 2_000_000_000)
        return directory
    }

    @Test("verify counts what is sound and names the block that is not")
    func verify() async throws {
        let directory = try Self.store()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let sound = try await hdrctl("verify", directory)
        let sum = "150 records, 0 intervals of flows: all sound"
        #expect(sound.status == 0 && sound.output.contains(sum), "\(sound.output)\(sound.errors)")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: directory).first {
                $0.hasPrefix("headers-") && $0.hasSuffix(".db")
            })
        do {
            let connection = try Connection(path: "\(directory)/\(name)", mode: .readWrite)
            // The hot blob of the one block.
            try connection.execute("UPDATE blob SET data = zeroblob(length(data)) WHERE id = 8 + 3")
        }
        let damaged = try await hdrctl("verify", directory, "-o", "json")
        #expect(damaged.status == 1 && damaged.output.contains("\"segment\":\"\(name)\""), "\(damaged.output)")
        let text = try await hdrctl("verify", directory)
        #expect(text.status == 1 && text.output.contains("damaged: \(directory)/\(name)"), "\(text.output)")
        #expect(try await hdrctl("verify", "/nowhere").status == 74)
    }

    @Test("query reads what the store holds, filtered, limited and in order")
    func query() async throws {
        let directory = try Self.store()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let all = try await hdrctl("query", "-D", directory, "-o", "json", "--quiet")
        #expect(all.output.split(separator: "\n").count == 150, "\(all.errors)")
        let some = try await hdrctl(
            "query", "-D", directory, "-o", "csv", "--fields", "time,interface,source", "--proto", "udp", "--limit",
            "2",
            "--since", "@1700000000.010")
        #expect(
            some.output.split(separator: "\n") == [
                "time,interface,source", "1700000000011000000,eth0,192.0.2.8", "1700000000014000000,eth0,192.0.2.8",
            ], "\(some.errors)")
        let newest = try await hdrctl(
            "query", "-D", directory, "-o", "csv", "--fields", "time", "--reverse", "--limit", "1", "--quiet")
        #expect(newest.output == "time\n1700000000149000000\n")
    }

    @Test("an answer of many thousand records comes whole and in order, whichever thread encoded them")
    func many() async throws {
        let directory = try Self.store(packets: 20_000)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let all = try await hdrctl(
            "query", "-D", directory, "-o", "csv", "--fields", "time,interface", "--quiet", "--limit", "19000")
        let lines = all.output.split(separator: "\n")
        #expect(lines.count == 19_001, "\(all.errors)")
        let wanted = (0..<19_000).map { "\(Self.start + Int64($0) * 1_000_000),eth0" }
        #expect(lines.dropFirst().elementsEqual(wanted) { $0 == $1 })
    }

    @Test("top and series sum up what the store holds")
    func aggregates() async throws {
        let directory = try Self.store()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let top = try await hdrctl("top", "-D", directory, "--by", "source")
        let lines = top.output.split(separator: "\n")
        #expect(lines.count == 3, "\(top.output)\(top.errors)")
        #expect(lines[1].hasPrefix("192.0.2.7  100      5400   66.7%"), "\(top.output)")
        #expect(lines[2].hasPrefix("192.0.2.8  50       7100   33.3%"), "\(top.output)")
        let more = try await hdrctl(
            "top", "-D", directory, "--by", "source", "--distinct", "destinationPort", "--max", "frameLength,ttl",
            "--sum", "udpLength")
        let rows = more.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(
            rows[0].suffix(4) == [
                "SUM(udpLength)", "MAX(frameLength)", "MAX(ttl)", "DISTINCT(destinationPort)",
            ], "\(more.output)\(more.errors)")
        #expect(rows[1].suffix(4) == ["-", "54", "64", "1"] && rows[2].suffix(4) == ["5400", "142", "64", "1"])
        let wrong = try await hdrctl("top", "-D", directory, "--min", "source")
        #expect(wrong.status == 64 && wrong.errors.contains("--min: source is not a number"), "\(wrong.errors)")
        let series = try await hdrctl("series", "-D", directory, "--every", "100ms", "--utc")
        #expect(series.output.split(separator: "\n").count == 3, "\(series.output)\(series.errors)")
    }

    @Test("export rebuilds the header bytes from the store")
    func export() async throws {
        let directory = try Self.store()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let result = try await hdrctl("export", "-D", directory, "--format", "json", "--limit", "1", "--quiet")
        let expected = Packet(.ethernet(), .ipv4(from: "192.0.2.7"), .tcp(to: 443)).bytes
        let text = expected.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(result.output.contains("\"headers\":\"\(text)\""), "\(result.output)")
    }

    @Test("follow and a directory that is not there are refused in one line")
    func refused() async throws {
        let follow = try await hdrctl("query", "-D", "/tmp", "--follow")
        #expect(follow.status == 64 && follow.errors.contains("--follow needs the daemon"))
        let missing = try await hdrctl("query", "-D", "/nonexistent/log")
        #expect(missing.status == 74 && missing.errors.contains("No such file"), "\(missing.errors)")
    }
}
