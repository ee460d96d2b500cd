internal import CSQLite

extension Connection {
    /// How a checkpoint treats readers (sqlite3_wal_checkpoint_v2).
    public enum Checkpoint: Sendable {
        /// Moves what no reader needs any more; never waits.
        case passive
        /// Moves everything and cuts the WAL to nothing; busy when a reader holds it.
        case truncate
    }

    /// What is left after a checkpoint, in pages.
    public struct CheckpointResult: Sendable, Equatable {
        public var logged: Int
        public var moved: Int
        /// Everything that was in the WAL is in the database file.
        public var isComplete: Bool { moved >= logged }
    }

    @discardableResult
    public func checkpoint(_ mode: Checkpoint) throws(SQLiteError) -> CheckpointResult {
        var logged: Int32 = 0
        var moved: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(
            handle, nil, mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE, &logged, &moved)
        guard code == SQLITE_OK else { throw error(code, "checkpoint") }
        return CheckpointResult(logged: Int(logged), moved: Int(moved))
    }

    /// Runs `body` within BEGIN IMMEDIATE … COMMIT; rolls back when it throws.
    public func transaction<E: Error>(_ body: () throws(E) -> Void) throws(TransactionError<E>) {
        do { try execute("BEGIN IMMEDIATE") } catch { throw .database(error) }
        do {
            try body()
        } catch {
            rollback()
            throw .body(error)
        }
        do {
            try execute("COMMIT")
        } catch {
            rollback()
            throw .database(error)
        }
    }

    /// After SQLITE_FULL or IOERR SQLite may have rolled back by itself.
    private func rollback() {
        if !isAutocommit { try? execute("ROLLBACK") }
    }
}

/// What ended a transaction: SQLite, or what was run within it.
public enum TransactionError<E: Error>: Error {
    case database(SQLiteError)
    case body(E)
}

extension TransactionError where E == SQLiteError {
    public var error: SQLiteError {
        switch self {
        case .database(let error), .body(let error): error
        }
    }
}
