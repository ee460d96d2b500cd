internal import SQLite

/// Opens a segment's file to read it, of whichever family it is.
enum SegmentFile {
    /// Falls back to an immutable view where neither a lock nor a -shm can be made.
    /// - Throws: `.foreign`, `.newerFormat`, `.damaged`, or what SQLite says.
    static func open(_ directory: StoreDirectory, _ name: String) throws(StoreError) -> Connection {
        let path = directory.path(of: name)
        do throws(SQLiteError) {
            do throws(SQLiteError) {
                return try checked(path, .readOnly)
            } catch {
                let hasWAL = directory.length(name + "-wal") > 0
                guard error.kind == .cannotOpen || error.kind == .readOnly, !hasWAL else { throw error }
                return try checked(path, .immutable)
            }
        } catch {
            throw explained(error, path)
        }
    }

    /// Is it a segment that this program knows? A sealed one stays locked against writing until it is closed: nobody
    /// writes it any more, and SQLite need not look for a journal or a change before each statement.
    private static func checked(_ path: String, _ mode: Connection.Mode) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: path, mode: mode, busyTimeout: 1000)
        try connection.execute("PRAGMA cache_size = -64; BEGIN")
        guard try connection.integer("PRAGMA application_id") == SegmentSchema.applicationIdentifier else {
            throw SQLiteError(code: foreignCode, message: "not a segment of hdrlog", context: connection.path)
        }
        let version = try connection.integer("PRAGMA user_version") ?? 0
        guard version <= SegmentSchema.version else {
            throw SQLiteError(code: newerCode, message: String(version), context: connection.path)
        }
        if (try? stateText(of: connection)) == SegmentInfo.State.sealed.rawValue {
            try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        }
        try connection.execute("COMMIT")
        return connection
    }

    private static let foreignCode: Int32 = -1
    private static let newerCode: Int32 = -2

    static func explained(_ error: SQLiteError, _ path: String) -> StoreError {
        switch error.code {
        case foreignCode: return .foreign(path: path)
        case newerCode: return .newerFormat(path: path, version: Int64(error.message) ?? 0)
        default: break
        }
        return switch error.kind {
        case .notADatabase: .foreign(path: path)
        case .corrupt: .damaged(path: path, what: error.message)
        default: .database(error)
        }
    }

    /// Whether the segment runs or is sealed, as it says itself.
    static func state(of connection: borrowing Connection, _ path: String) throws(StoreError) -> SegmentInfo.State {
        let text: String?
        do {
            text = try stateText(of: connection)
        } catch {
            throw explained(error, path)
        }
        guard let text, let state = SegmentInfo.State(rawValue: text) else {
            throw .damaged(path: path, what: "no state")
        }
        return state
    }

    private static func stateText(of connection: borrowing Connection) throws(SQLiteError) -> String? {
        try connection.text("SELECT value FROM segment WHERE key = 'state'")
    }
}
