internal import CSQLite

/// One connection to one database file (sqlite3_open_v2), closed when it goes out of scope.
///
/// Not for several threads at once: opened with SQLITE_OPEN_NOMUTEX.
public struct Connection: ~Copyable {
    public enum Mode: Sendable {
        /// The file must exist; nothing is written.
        case readOnly
        /// The file must exist and nobody may be writing it: no lock is taken and no -wal or -shm is looked for.
        /// For files in a directory that cannot be written.
        case immutable
        /// The file must exist.
        case readWrite
        /// The file is created if it is not there.
        case create
    }

    let handle: OpaquePointer
    public let path: String

    /// - Parameter busyTimeout: milliseconds that a lock is waited for.
    public init(path: String, mode: Mode, busyTimeout: Int32 = 0) throws(SQLiteError) {
        var opened: OpaquePointer?
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI
        switch mode {
        case .readOnly, .immutable: flags |= SQLITE_OPEN_READONLY
        case .readWrite: flags |= SQLITE_OPEN_READWRITE
        case .create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        let name = mode == .immutable ? Self.uri(path) + "?immutable=1" : Self.uri(path)
        let code = sqlite3_open_v2(name, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError(
                code: opened.map(sqlite3_extended_errcode) ?? code, message: Self.message(opened, code), context: path)
            sqlite3_close_v2(opened)
            throw error
        }
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, busyTimeout)
        handle = opened
        self.path = path
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements that return nothing of interest (sqlite3_exec).
    public func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, sql) }
    }

    /// Compiles one statement (sqlite3_prepare_v3). It must not outlive the connection.
    /// - Parameter persistent: it will be used many times.
    public func prepare(_ sql: String, persistent: Bool = false) throws(SQLiteError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, sql, -1, persistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code, sql) }
        return Statement(handle: statement)
    }

    /// The first column of the first row as an integer, nil when there is no row.
    public func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        var statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The first column of the first row as text, nil when there is no row.
    public func text(_ sql: String) throws(SQLiteError) -> String? {
        var statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    public var lastRowIdentifier: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Whether no transaction is open.
    public var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    func error(_ code: Int32, _ context: String) -> SQLiteError {
        SQLiteError(
            code: sqlite3_extended_errcode(handle), message: Self.message(handle, code), context: "\(path): \(context)")
    }

    private static func message(_ handle: OpaquePointer?, _ code: Int32) -> String {
        String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    }

    /// The path as a file: URI, with the three characters escaped that mean something there.
    private static func uri(_ path: String) -> String {
        var uri = "file:"
        for scalar in path.unicodeScalars {
            switch scalar {
            case "%": uri += "%25"
            case "?": uri += "%3f"
            case "#": uri += "%23"
            default: uri.unicodeScalars.append(scalar)
            }
        }
        return uri
    }
}
