import Foundation
import Wire
import WireFixture

/// A server on a socket of its own, stopped and removed at the end of a test.
final class TestServer: Sendable {
    let path: String
    private let server: Server

    init(
        _ service: some HdrlogService = MemoryService(MemoryService.conversation), limits: ServerLimits = .init(),
        policy: AccessPolicy = AccessPolicy(owner: getuid())
    ) throws {
        path = NSTemporaryDirectory() + "hdrlog-wire-\(UUID().uuidString.prefix(8)).sock"
        server = try Self.start(.path(path), service, limits, policy)
    }

    private static func start(
        _ listener: Listener, _ service: some HdrlogService, _ limits: ServerLimits, _ policy: AccessPolicy
    ) throws -> Server {
        try Server(listener, service: service, info: ServiceInfo(version: "1.2.3"), policy: policy, limits: limits)
    }

    deinit {
        // Stopping waits for tasks, so it must not take a thread from them.
        let server = server
        unlink(path)
        Thread { server.stop() }.start()
    }
}

/// A connection that sends and receives what a test likes.
final class RawConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw CocoaError(.fileNoSuchFile) }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next message; nil when the server has closed the connection, or after ten seconds without a byte.
    func receive() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk[..<count]
        }
    }
}

/// Runs a body that blocks on a thread of its own: the cooperative pool has as many threads as cores, and the server
/// under test needs one.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
}
