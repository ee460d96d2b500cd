internal import SQLite

/// The blobs of a segment, to be added to.
final class BlobInsertion {
    private var statement: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        statement = try connection.prepare("INSERT INTO blob VALUES (?,?)", persistent: true)
    }

    func run(_ blob: BlockBlob, block number: Int64, _ bytes: UnsafeRawBufferPointer) throws(SQLiteError) {
        try statement.bind(1, blob.identifier(block: number))
        try statement.bind(2, unowned: bytes)
        try statement.run()
    }
}

/// The blobs of a segment, to be read.
final class BlobSelection {
    private var statement: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        statement = try connection.prepare("SELECT data FROM blob WHERE id = ?", persistent: true)
    }

    /// Copies a blob; the read transaction ends with the call.
    /// - Returns: whether there is one.
    func copy(_ blob: BlockBlob, block number: Int64, to buffer: ByteBuffer) throws(SQLiteError) -> Bool {
        try statement.bind(1, blob.identifier(block: number))
        defer { statement.reset() }
        guard try statement.step() else { return false }
        statement.withBlob(0) { buffer.replace($0) }
        return true
    }
}
