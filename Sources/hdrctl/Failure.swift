internal import Filter
internal import Glibc
internal import Wire

/// How hdrctl ends; sysexits(3) where it has a name for it.
enum ExitStatus: Int32 {
    case success = 0
    /// The command worked and its answer is bad news (`doctor`, `status` of a log that does not add up).
    case badNews = 1
    case usage = 64
    case unavailable = 69
    case inputOutput = 74
    case noPermission = 77
}

/// An end with one line that says what is wrong and what helps.
struct Failure: Error, Equatable {
    var status: ExitStatus
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    func exit() -> Never {
        if !message.isEmpty { StandardError.line("hdrctl: \(message)") }
        Glibc.exit(status.rawValue)
    }
}

extension Failure {
    /// Whoever reads our output has closed it.
    static let pipeClosed = Failure(.success, "")

    init(_ error: ClientError) {
        switch error {
        case .notRunning(let path):
            self.init(
                .unavailable,
                "hdrlogd is not running (nothing listens on \(path)); start it with \"systemctl start hdrlogd\"")
        case .notPermitted(let path):
            let group = SocketFile.group(of: path) ?? "hdrlog"
            self.init(
                .noPermission,
                "no permission to use \(path): it takes root or group \"\(group)\" "
                    + "(as root: usermod -aG \(group) \(SocketFile.userName), then log in again)")
        case .system(let path, let problem): self.init(.inputOutput, "\(path): \(problem)")
        case .service(let error): self.init(error)
        case .garbled(let problem): self.init(.inputOutput, "the daemon's answer cannot be read: \(problem)")
        }
    }

    init(_ error: ServiceError) {
        switch error {
        case .permissionDenied: self.init(.noPermission, "\(error)")
        case .unavailable, .disconnected, .limitExceeded: self.init(.unavailable, "\(error)")
        default: self.init(.usage, "\(error)")
        }
    }

    /// A filter with a mark under the place.
    init(_ error: FilterError, in expression: String) {
        self.init(.usage, "filter, \(error)\n\(error.marked(in: Escaped.text(expression)))")
    }
}

/// What the file system tells of the daemon's socket.
private enum SocketFile {
    static func group(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, let group = getgrgid(status.st_gid) else { return nil }
        return String(cString: group.pointee.gr_name)
    }

    static var userName: String {
        guard let user = getpwuid(getuid()) else { return "USER" }
        return String(cString: user.pointee.pw_name)
    }
}

enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func line(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
