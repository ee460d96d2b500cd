import Foundation
import Wire
import WireFixture

/// A server on a socket of its own for one test.
final class TestDaemon: Sendable {
    let path: String
    private let server: Server

    init(_ service: some HdrlogService = MemoryService(MemoryService.conversation)) throws {
        path = NSTemporaryDirectory() + "hdrlog-ctl-\(UUID().uuidString.prefix(8)).sock"
        server = try Self.start(path, service)
    }

    private static func start(_ path: String, _ service: some HdrlogService) throws -> Server {
        try Server(
            .path(path), service: service, info: ServiceInfo(version: "1.2.3"), policy: AccessPolicy(owner: getuid()))
    }

    deinit {
        // Stopping waits for tasks, so it must not take a thread from them.
        let server = server
        unlink(path)
        Thread { server.stop() }.start()
    }
}

struct RunResult: Sendable {
    var status: Int32
    var output: String
    var errors: String
}

/// The binary that was built beside the tests.
var binary: String {
    let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return directory.appendingPathComponent("hdrctl").path
}

func hdrctl(_ arguments: String...) async throws -> RunResult { try await hdrctl(arguments) }

func hdrctl(_ arguments: [String]) async throws -> RunResult { try await run(binary, arguments) }

/// Runs a program on a thread of its own: the cooperative pool must stay free for the server under test.
func run(_ program: String, _ arguments: [String]) async throws -> RunResult {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try runBlocking(program, arguments) }) }.start()
    }
}

private func runBlocking(_ program: String, _ arguments: [String]) throws -> RunResult {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let collected = Collected()
    let reader = Thread { collected.set(errors.fileHandleForReading.readDataToEndOfFile()) }
    reader.start()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return RunResult(status: process.terminationStatus, output: text, errors: collected.text())
}

private final class Collected: @unchecked Sendable {
    private let condition = NSCondition()
    private var data: Data?

    func set(_ data: Data) {
        condition.withLock {
            self.data = data
            condition.signal()
        }
    }

    func text() -> String {
        condition.withLock {
            while data == nil { condition.wait() }
            return String(decoding: data!, as: UTF8.self)
        }
    }
}
