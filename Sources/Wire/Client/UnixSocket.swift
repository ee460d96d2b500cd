internal import Glibc

/// A connected Unix stream socket, closed when it goes away. Blocking: the client has nothing else to do.
struct UnixSocket: ~Copyable {
    struct Failure: Error, Equatable {
        /// errno(3)
        var code: Int32
    }

    private let descriptor: Int32

    init(connecting path: String) throws(Failure) { descriptor = try Self.open(path) }

    /// unix(7) socket(2), connect(2).
    private static func open(_ path: String) throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { throw Failure(code: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result != 0 else { return descriptor }
        let code = errno
        close(descriptor)
        throw Failure(code: code)
    }

    deinit { close(descriptor) }

    /// send(2) until all is sent; a peer that is gone is an error, not a signal.
    func send(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { sent += count } else if errno != EINTR { throw Failure(code: errno) }
        }
    }

    /// recv(2).
    /// - Returns: how many bytes came, 0 at the end of the stream.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { throw Failure(code: errno) }
        }
    }

    /// strerror(3)
    static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}
