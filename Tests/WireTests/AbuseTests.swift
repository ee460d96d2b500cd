import Foundation
import Testing
import Wire
import WireFixture

@Suite("Clients that misbehave", .serialized, .timeLimit(.minutes(2)))
struct AbuseTests {
    private static let status = "{\"method\":\"io.hdrlog.Status\"}\0"

    private static func answers(_ server: TestServer) throws -> Bool {
        let connection = try RawConnection(server.path)
        connection.send(status)
        return connection.receive()?.contains("startTime") == true
    }

    @Test(
        "what is not a call closes the connection and nothing else",
        arguments: ["\0", "garbage\0", "[]\0", "{\0", "\"\0", "{\"method\":\"\u{1}\"}\0", "nul\0", "{}x\0", "1e999\0"])
    func garbage(_ bytes: String) async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            connection.send(bytes)
            #expect(connection.receive() == nil)
            #expect(try Self.answers(server))
        }
    }

    @Test("deep nesting does not exhaust the stack")
    func nesting() async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            connection.send(String(repeating: "[", count: 60_000) + "\0")
            #expect(connection.receive() == nil)
            #expect(try Self.answers(server))
        }
    }

    @Test("random bytes and mutilated calls leave the server at work")
    func fuzz() async throws {
        try await onThread {
            let server = try TestServer()
            var random = SystemRandomNumberGenerator()
            let call = Array(
                "{\"method\":\"io.hdrlog.Query\",\"parameters\":{\"filter\":\"tcp\",\"limit\":3},\"more\":true}\0".utf8)
            for round in 0..<400 {
                let connection = try RawConnection(server.path)
                var bytes = call
                if round % 2 == 0 {
                    for _ in 0..<Int.random(in: 1...5) { bytes[Int.random(in: 0..<bytes.count)] = random.next() }
                } else {
                    bytes = (0..<Int.random(in: 1...300)).map { _ in random.next() }
                }
                connection.send(bytes)
            }
            #expect(try Self.answers(server))
        }
    }

    @Test("a message beyond the limit is told so and the connection closed")
    func oversized() async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            for _ in 0..<20 { connection.send([UInt8](repeating: 0x20, count: 8192)) }
            #expect(connection.receive()?.contains("io.hdrlog.LimitExceeded") == true)
            #expect(connection.receive() == nil)
            #expect(try Self.answers(server))
        }
    }

    @Test("one client too many is told so; when another leaves there is room again")
    func tooMany() async throws {
        try await onThread {
            var limits = ServerLimits()
            limits.clients = 3
            let server = try TestServer(limits: limits)
            var connections = try (0..<3).map { _ in try RawConnection(server.path) }
            for connection in connections {
                connection.send(Self.status)
                #expect(connection.receive()?.contains("startTime") == true)
            }
            var client = try Client(path: server.path)
            #expect(throws: ClientError.service(.limitExceeded(limit: "clients", maximum: 3))) { try client.status() }
            connections.removeAll()
            // The server hears of it a moment later.
            var isServed = false
            for _ in 0..<100 where !isServed {
                usleep(20_000)
                isServed = (try? Self.answers(server)) == true
            }
            #expect(isServed)
        }
    }

    @Test("sixty clients at a time get their whole answers")
    func many() async throws {
        let server = try TestServer(MemoryService(MemoryService.conversation, rounds: 20))
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await onThread {
                        var client = try Client(path: server.path)
                        var count = 0
                        _ = try client.query(QueryRequest(filter: "tcp")) { records in
                            count += records.count
                            return true
                        }
                        return count
                    }
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts == [Int](repeating: 60, count: 60))
    }

    /// Waits until the producer has sent something and then nothing for a second.
    private static func settled(_ service: MemoryService) -> Int {
        var sent = 0
        repeat {
            sent = service.sent.value
            usleep(1_000_000)
        } while sent == 0 || service.sent.value != sent
        return sent
    }

    @Test("a client that does not read holds the producer back, and its leaving ends the query")
    func slowReader() async throws {
        let service = MemoryService(MemoryService.conversation, rounds: 1_000_000, batch: 100)
        try await onThread {
            let server = try TestServer(service)
            var connection: RawConnection? = try RawConnection(server.path)
            connection?.send("{\"method\":\"io.hdrlog.Query\",\"more\":true}\0")
            #expect(connection?.receive() != nil)
            let sent = Self.settled(service)
            // The socket's buffer and two batches: far from five million.
            #expect(sent < 20_000)
            connection = nil
            usleep(200_000)
            #expect(service.sent.value < sent + 500)
            #expect(try Self.answers(server))
        }
    }

    @Test("a client that never reads is given up after the stall time")
    func stalled() async throws {
        try await onThread {
            var limits = ServerLimits()
            limits.stall = .milliseconds(200)
            let service = MemoryService(MemoryService.conversation, rounds: 2000)
            let server = try TestServer(service, limits: limits)
            let connection = try RawConnection(server.path)
            connection.send("{\"method\":\"io.hdrlog.Query\",\"more\":true}\0")
            _ = Self.settled(service)
            // What had been sent is still there; then comes the end of the connection, not of the answer.
            var last = ""
            while let reply = connection.receive() { last = reply }
            #expect(!last.contains("completeness"))
            #expect(try Self.answers(server))
        }
    }

    @Test("an idle connection is closed after its time, one with a running query is not")
    func idle() async throws {
        try await onThread {
            var limits = ServerLimits()
            limits.idle = .milliseconds(100)
            let server = try TestServer(limits: limits)
            let connection = try RawConnection(server.path)
            #expect(connection.receive() == nil)
        }
    }

    @Test("a server that stops while a stream runs ends it and leaves no socket behind")
    func stop() async throws {
        let path = NSTemporaryDirectory() + "hdrlog-stop-\(UUID().uuidString.prefix(8)).sock"
        let service = MemoryService(MemoryService.conversation, rounds: 1_000_000)
        try await onThread {
            let server = try Server(
                .path(path), service: service, info: ServiceInfo(version: "1"), policy: AccessPolicy(owner: getuid()))
            let connection = try RawConnection(path)
            connection.send("{\"method\":\"io.hdrlog.Query\",\"more\":true}\0")
            #expect(connection.receive() != nil)
            let start = ContinuousClock.now
            server.stop()
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(access(path, F_OK) != 0)
            let sent = service.sent.value
            usleep(100_000)
            #expect(service.sent.value == sent)
        }
    }
}
