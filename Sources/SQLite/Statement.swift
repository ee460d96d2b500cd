internal import CSQLite

/// A prepared statement (sqlite3_stmt), finalised when it goes out of scope. Must not outlive its connection.
public struct Statement: ~Copyable {
    let handle: OpaquePointer

    deinit { sqlite3_finalize(handle) }

    /// Goes to the next row.
    /// - Returns: whether there is one.
    public mutating func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw error(code)
        }
    }

    /// Runs a statement that returns no rows, and makes it ready for the next run.
    public mutating func run() throws(SQLiteError) {
        defer { reset() }
        while try step() {}
    }

    /// Ends the run (and with it the read transaction); bound values stay.
    public mutating func reset() { sqlite3_reset(handle) }

    public mutating func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, index, value))
    }

    public mutating func bind(_ index: Int32, _ value: String) throws(SQLiteError) {
        try check(sqlite3_bind_text(handle, index, value, -1, Self.transient))
    }

    public mutating func bindNull(_ index: Int32) throws(SQLiteError) {
        try check(sqlite3_bind_null(handle, index))
    }

    /// Binds bytes without a copy: they must stay where they are until the statement has run.
    public mutating func bind(_ index: Int32, unowned bytes: UnsafeRawBufferPointer) throws(SQLiteError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            return try check(sqlite3_bind_zeroblob(handle, index, 0))
        }
        try check(sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), nil))
    }

    public func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    public func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        return String(cString: text)
    }

    /// The bytes of a blob, valid until the next step or reset; empty for NULL.
    public func withBlob<Result, E: Error>(
        _ column: Int32, _ body: (UnsafeRawBufferPointer) throws(E) -> Result
    ) throws(E) -> Result {
        let base = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return try body(UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : count))
    }

    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func check(_ code: Int32) throws(SQLiteError) {
        if code != SQLITE_OK { throw error(code) }
    }

    private func error(_ code: Int32) -> SQLiteError {
        let database = sqlite3_db_handle(handle)
        let sql = sqlite3_sql(handle).map { String(cString: $0) } ?? ""
        let file = sqlite3_db_filename(database, "main").map { String(cString: $0) } ?? ""
        return SQLiteError(
            code: sqlite3_extended_errcode(database), message: String(cString: sqlite3_errmsg(database)),
            context: "\(file): \(sql)")
    }
}
