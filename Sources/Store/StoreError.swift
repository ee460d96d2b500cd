public import SQLite

/// Why the store could not do what was asked.
public enum StoreError: Error, Equatable, Sendable {
    /// A system call on a file or directory: what was tried, the path, errno.
    case system(operation: String, path: String, errno: Int32)
    /// Another process writes to this directory.
    case inUse(path: String)
    case database(SQLiteError)
    /// A file or block whose contents contradict themselves.
    case damaged(path: String, what: String)
    /// Written by a later version of this program.
    case newerFormat(path: String, version: Int64)
    /// Not a segment of this program.
    case foreign(path: String)
    case unusable(limit: String, reason: String)
    /// The question asks for more than what is stored knows.
    case unsupported(String)
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let operation, let path, let code): "\(path): \(operation): \(errorText(code))"
        case .inUse(let path): "\(path): another process is writing to this directory"
        case .database(let error): error.description
        case .damaged(let path, let what): "\(path): damaged: \(what)"
        case .newerFormat(let path, let version): "\(path): format version \(version) is newer than this program"
        case .foreign(let path): "\(path): not a segment of hdrlog"
        case .unusable(let limit, let reason): "\(limit): \(reason)"
        case .unsupported(let what): what
        }
    }

    /// Whether space is what is missing.
    public var isNoSpace: Bool {
        switch self {
        case .system(_, _, let code): isNoSpaceCode(code)
        case .database(let error): error.kind == .full
        default: false
        }
    }
}
