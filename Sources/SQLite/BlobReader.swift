internal import CSQLite

/// Reads the blobs of one column into memory of the caller's, without a copy between (sqlite3_blob_open). Must not
/// outlive its connection.
public struct BlobReader: ~Copyable {
    private let connection: OpaquePointer
    private let table: String
    private let column: String
    private let context: String
    /// Nil while no row is open.
    private var handle: OpaquePointer?

    public init(_ connection: borrowing Connection, table: String, column: String) {
        self.connection = connection.handle
        (self.table, self.column, context) = (table, column, "\(connection.path): \(table)")
    }

    deinit { sqlite3_blob_close(handle) }

    /// Goes to a row; until `close` or the next row, a read transaction is open.
    /// - Returns: the blob's bytes; nil when there is no such row or it holds no blob.
    public mutating func open(row: Int64) throws(SQLiteError) -> Int? {
        let code =
            handle == nil
            ? sqlite3_blob_open(connection, "main", table, column, row, 0, &handle)
            : sqlite3_blob_reopen(handle, row)
        guard code == SQLITE_OK else {
            // After a failure it could be nothing but closed.
            let error = error
            close()
            // What SQLite says of a row that is not there.
            if code == SQLITE_ERROR { return nil }
            throw error
        }
        return Int(sqlite3_blob_bytes(handle))
    }

    /// Copies the whole blob of the open row.
    public mutating func read(to memory: UnsafeMutableRawPointer, count: Int) throws(SQLiteError) {
        let code = sqlite3_blob_read(handle, memory, Int32(clamping: count), 0)
        guard code == SQLITE_OK else { throw error }
    }

    /// What the connection says of the latest call.
    private var error: SQLiteError {
        SQLiteError(
            code: sqlite3_extended_errcode(connection), message: String(cString: sqlite3_errmsg(connection)),
            context: context)
    }

    /// Ends the read transaction.
    public mutating func close() {
        sqlite3_blob_close(handle)
        handle = nil
    }
}
