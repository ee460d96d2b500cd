import Foundation
import Testing
import Wire
import WireFixture

@Suite("Varlink server", .timeLimit(.minutes(2)))
struct ServerTests {
    @Test("status arrives as it was sent")
    func status() async throws {
        try await onThread {
            let server = try TestServer()
            var client = try Client(path: server.path)
            #expect(try client.status() == MemoryService.sampleStatus)
        }
    }

    @Test("a query streams the selected records in order and ends with what it covers")
    func query() async throws {
        try await onThread {
            let server = try TestServer()
            var client = try Client(path: server.path)
            var ports: [Int64] = []
            let request = QueryRequest(filter: "tcp", fields: ["sourcePort"])
            let told = try client.query(request) { records in
                for record in records {
                    ports.append((try? JSONValue(parsing: Array(record)))?.object?["sourcePort"]?.integer ?? -1)
                }
                return true
            }
            #expect(ports == [40000, 443, 40001])
            #expect(told?.records == 3)
            #expect(told?.gaps.first?.lost == 3)
        }
    }

    @Test("a filter that cannot be read is answered with its place")
    func badFilter() async throws {
        try await onThread {
            let server = try TestServer()
            var client = try Client(path: server.path)
            do {
                _ = try client.query(QueryRequest(filter: "tcp prot 80")) { _ in true }
                Issue.record("the query was answered")
            } catch {
                guard case ClientError.service(.invalidFilter(let position, let found, _, _)) = error else {
                    throw error
                }
                #expect(position == 5)
                #expect(found == "prot")
            }
        }
    }

    @Test("without more a query gives one reply, cut at the limit")
    func single() async throws {
        try await onThread {
            var limits = ServerLimits()
            limits.replyBytes = 10_000
            let server = try TestServer(MemoryService(MemoryService.conversation, rounds: 1000), limits: limits)
            let connection = try RawConnection(server.path)
            connection.send("{\"method\":\"io.hdrlog.Query\",\"parameters\":{\"fields\":[\"time\"]}}\0")
            let reply = try #require(connection.receive())
            #expect(reply.utf8.count < 11_000)
            let parameters = try JSONValue(parsing: Array(reply.utf8)).object?["parameters"]?.object
            #expect(parameters?["records"]?.array?.isEmpty == false)
            #expect(parameters?["completeness"]?.object?["limited"] == .bool(true))
        }
    }

    @Test("pipelined calls are answered in their order")
    func pipelining() async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            let methods = ["io.hdrlog.Status", "org.varlink.service.GetInfo", "io.hdrlog.Nothing", "io.hdrlog.Status"]
            connection.send(methods.map { "{\"method\":\"\($0)\"}\0" }.joined())
            #expect(connection.receive()?.contains("startTime") == true)
            #expect(connection.receive()?.contains("vendor") == true)
            #expect(connection.receive()?.contains("MethodNotFound") == true)
            #expect(connection.receive()?.contains("startTime") == true)
        }
    }

    @Test("a one-way call has no reply")
    func oneway() async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            connection.send(
                "{\"method\":\"io.hdrlog.Status\",\"oneway\":true}\0{\"method\":\"io.hdrlog.No\",\"oneway\":true}\0")
            connection.send("{\"method\":\"org.varlink.service.GetInfo\"}\0")
            #expect(connection.receive()?.contains("vendor") == true)
        }
    }

    @Test("a call that arrives byte by byte is answered")
    func dribble() async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            for byte in "{\"method\":\"io.hdrlog.Status\"}\0".utf8 {
                connection.send([byte])
                usleep(1000)
            }
            #expect(connection.receive()?.contains("startTime") == true)
        }
    }

    @Test("a client that ends its sending side still gets its answer, then the end")
    func halfClose() async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            connection.send("{\"method\":\"io.hdrlog.Query\",\"more\":true}\0")
            connection.endSending()
            #expect(connection.receive()?.contains("\"continues\":true") == true)
            #expect(connection.receive()?.contains("completeness") == true)
            #expect(connection.receive() == nil)
        }
    }

    @Test(
        "an unknown or malformed call gets its Varlink error",
        arguments: [
            ("{\"method\":\"io.hdrlog.Nothing\"}", "org.varlink.service.MethodNotFound"),
            ("{\"method\":\"com.example.Nothing\"}", "org.varlink.service.InterfaceNotFound"),
            ("{\"method\":\"nothing\"}", "org.varlink.service.InvalidParameter"),
            ("{\"method\":7}", "org.varlink.service.InvalidParameter"),
            ("{}", "org.varlink.service.InvalidParameter"),
            ("{\"method\":\"io.hdrlog.Query\",\"parameters\":[]}", "org.varlink.service.InvalidParameter"),
            (
                "{\"method\":\"io.hdrlog.Query\",\"parameters\":{\"limit\":\"x\"}}",
                "{\"parameter\":\"limit\"}"
            ),
            ("{\"method\":\"io.hdrlog.Query\",\"parameters\":{\"limit\":-1}}", "{\"parameter\":\"limit\"}"),
            ("{\"method\":\"io.hdrlog.Query\",\"parameters\":{\"follow\":true}}", "ExpectedMore"),
            ("{\"method\":\"io.hdrlog.Query\",\"more\":1}", "{\"parameter\":\"more\"}"),
            ("{\"method\":\"org.varlink.service.GetInterfaceDescription\"}", "{\"parameter\":\"interface\"}"),
        ])
    func errors(_ call: String, _ expected: String) async throws {
        try await onThread {
            let server = try TestServer()
            let connection = try RawConnection(server.path)
            connection.send(call + "\0")
            let reply = try #require(connection.receive())
            #expect(reply.contains("\"error\""))
            #expect(reply.contains(expected))
            // The connection goes on.
            connection.send("{\"method\":\"org.varlink.service.GetInfo\"}\0")
            #expect(connection.receive()?.contains("vendor") == true)
        }
    }

    @Test("a peer outside the readers' group is refused")
    func policy() {
        let policy = AccessPolicy(readers: 77, owner: 500)
        #expect(!policy.mayRead(Peer(process: 1, user: 1000, group: 1000, groups: [5])))
        #expect(policy.mayRead(Peer(process: 1, user: 1000, group: 1000, groups: [5, 77])))
        #expect(policy.mayRead(Peer(process: 1, user: 1000, group: 77)))
        #expect(policy.mayRead(Peer(process: 1, user: 0, group: 0)))
        #expect(policy.mayChange(Peer(process: 1, user: 500, group: 500)))
        #expect(!policy.mayChange(Peer(process: 1, user: 1000, group: 77)))
    }

    @Test("a second server does not take the path of a running one, but that of a dead one")
    func path() async throws {
        try await onThread {
            let server = try TestServer()
            #expect(throws: ListenError.self) {
                try Server(
                    .path(server.path), service: MemoryService([]), info: ServiceInfo(version: "1"),
                    policy: AccessPolicy(owner: 0))
            }
            var client = try Client(path: server.path)
            #expect(try client.status().version == "1.2.3")
        }
    }

    @Test("no daemon is told apart from no permission")
    func notRunning() {
        #expect(throws: ClientError.notRunning(path: "/nonexistent/sock")) { _ = try Client(path: "/nonexistent/sock") }
    }
}
