internal import CSQLite

extension Connection {
    /// From now on statements may read tables and call functions, and nothing else: no change, no PRAGMA, no ATTACH.
    public func allowOnlyReading() {
        sqlite3_set_authorizer(
            handle,
            { _, action, table, _, _, _ in
                switch action {
                case SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE: SQLITE_OK
                // SQLite asks for this when it meets a virtual table; a statement's own UPDATE of it is refused anyway.
                case SQLITE_UPDATE where table.map { String(cString: $0) } == "sqlite_master": SQLITE_OK
                default: SQLITE_DENY
                }
            }, nil)
    }

    /// Asks now and then, while a statement runs, whether it shall stop; it then fails with `.interrupted`.
    /// - Parameter shouldStop: must live as long as the connection.
    public func interrupt(when shouldStop: @escaping () -> Bool) {
        let box = InterruptBox(shouldStop)
        // As long as the connection lives, and that is as long as the process.
        sqlite3_progress_handler(
            handle, 10_000,
            { Unmanaged<InterruptBox>.fromOpaque($0!).takeUnretainedValue().shouldStop() ? 1 : 0 },
            Unmanaged.passRetained(box).toOpaque())
    }

    /// Compiles text that is one statement.
    /// - Throws: also when there is none, or more than one.
    public func prepareSingle(_ sql: String) throws(SQLiteError) -> Statement {
        var statement: OpaquePointer?
        var rest = ""
        let code = sql.withCString { text in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(handle, text, -1, 0, &statement, &tail)
            rest = tail.map { String(cString: $0) } ?? ""
            return code
        }
        guard code == SQLITE_OK else { throw error(code, sql) }
        guard let statement else {
            throw SQLiteError(code: SQLITE_ERROR, message: "there is no statement", context: sql)
        }
        let made = Statement(handle: statement)
        guard rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
            throw SQLiteError(code: SQLITE_ERROR, message: "more than one statement", context: rest)
        }
        return made
    }
}

private final class InterruptBox {
    let shouldStop: () -> Bool

    init(_ shouldStop: @escaping () -> Bool) { self.shouldStop = shouldStop }
}

extension Statement {
    public var columnNames: [String] {
        (0..<sqlite3_column_count(handle)).map { sqlite3_column_name(handle, $0).map { String(cString: $0) } ?? "" }
    }

    /// A column of the row as SQLite has it.
    public func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(withBlob(column) { Array($0) })
        default: .null
        }
    }
}

extension Connection {
    /// SQLite of the whole process takes no more than this; a statement that needs more fails.
    public func limitMemory(_ bytes: Int64) { sqlite3_hard_heap_limit64(bytes) }
}
