internal import SQLite

/// How a segment of any family ends.
enum SegmentSeal {
    /// Moves everything into the one file, marks it as sealed, and makes that safe from a power cut.
    /// - Throws: a `SQLiteError` of kind `.busy` while somebody reads it; to be tried again.
    static func close(_ connection: borrowing Connection, now: Int64) throws(SQLiteError) {
        try connection.checkpoint(.truncate)
        let mode = try connection.text("PRAGMA journal_mode = DELETE")
        guard mode == "delete" else {
            throw SQLiteError(code: 5, message: "a reader holds the segment", context: connection.path)
        }
        try connection.execute(
            "PRAGMA synchronous = FULL; REPLACE INTO segment VALUES ('sealed', \(now)), ('state', 'sealed')")
    }
}
