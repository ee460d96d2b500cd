internal import Glibc

/// Where the server listens.
public enum Listener: Sendable {
    /// A socket in the file system that the server makes, and removes when it stops.
    case path(String, mode: UInt32 = 0o660, group: UInt32? = nil)
    /// A listening socket that was handed over (systemd's socket activation). The server owns it from now on.
    case inherited(Int32)
}

/// Why the server cannot listen.
public struct ListenError: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    public var problem: String
    public var description: String { "\(path): \(problem)" }
}

/// The file of a Unix socket.
enum SocketFile {
    /// Removes a socket that nobody listens on, as a killed daemon leaves it.
    static func removeStale(_ path: String) throws(ListenError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenError(path: path, problem: "exists and is not a socket")
        }
        if isAlive(path) { throw ListenError(path: path, problem: "another daemon listens here") }
        guard unlink(path) == 0 else { throw ListenError(path: path, problem: UnixSocket.message(errno)) }
    }

    private static func isAlive(_ path: String) -> Bool {
        do {
            _ = try UnixSocket(connecting: path)
            return true
        } catch {
            return error.code != ECONNREFUSED && error.code != ENOENT
        }
    }

    static func setAccess(_ path: String, mode: UInt32, group: UInt32?) throws(ListenError) {
        if let group, chown(path, uid_t.max, group) != 0 {
            throw ListenError(path: path, problem: "chown to group \(group): \(UnixSocket.message(errno))")
        }
        guard chmod(path, mode) == 0 else { throw ListenError(path: path, problem: UnixSocket.message(errno)) }
    }
}
