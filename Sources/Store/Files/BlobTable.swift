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
    private var blobs: BlobReader
    private let staysOpen: Bool

    /// - Parameter staysOpen: no transaction has to end with a call.
    init(_ connection: borrowing Connection, staysOpen: Bool) throws(SQLiteError) {
        // Is there such a table?
        _ = try connection.prepare("SELECT data FROM blob WHERE id = ?")
        blobs = BlobReader(connection, table: "blob", column: "data")
        self.staysOpen = staysOpen
    }

    /// Copies a blob; unless the segment is sealed, the read transaction ends with the call.
    /// - Returns: whether there is one.
    func copy(_ blob: BlockBlob, block number: Int64, to buffer: ByteBuffer) throws(SQLiteError) -> Bool {
        defer { if !staysOpen { blobs.close() } }
        guard let count = try blobs.open(row: blob.identifier(block: number)) else { return false }
        buffer.count = 0
        buffer.reserve(count)
        try blobs.read(to: buffer.base, count: count)
        buffer.count = count
        return true
    }
}
