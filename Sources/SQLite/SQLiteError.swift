internal import CSQLite

/// What SQLite refused, with what was being done.
public struct SQLiteError: Error, Equatable, Sendable {
    /// The extended result code (sqlite.org/rescode.html).
    public var code: Int32
    /// SQLite's own text.
    public var message: String
    /// The operation: a file's path, or the statement.
    public var context: String

    public init(code: Int32, message: String, context: String) {
        self.code = code
        self.message = message
        self.context = context
    }

    /// What can be done about it.
    public enum Kind: Sendable, Equatable {
        /// No space left, on the disk or in the file.
        case full
        /// Somebody else holds a lock; trying again later helps.
        case busy
        /// The disk or the file system failed.
        case inputOutput
        /// The file is damaged.
        case corrupt
        /// The file is not a SQLite database.
        case notADatabase
        case cannotOpen
        case readOnly
        case interrupted
        case other
    }

    public var kind: Kind {
        switch code & 0xFF {
        case SQLITE_FULL: .full
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_IOERR: .inputOutput
        case SQLITE_CORRUPT: .corrupt
        case SQLITE_NOTADB: .notADatabase
        case SQLITE_CANTOPEN: .cannotOpen
        case SQLITE_READONLY: .readOnly
        case SQLITE_INTERRUPT: .interrupted
        default: .other
        }
    }
}

extension SQLiteError: CustomStringConvertible {
    public var description: String { "\(context): \(message) (SQLite \(code))" }
}

extension SQLiteError {
    /// The text in memory of SQLite's own, as the entry point of an extension hands it over.
    public var messageForHost: UnsafeMutablePointer<CChar>? { VirtualTableModule.copy(description) }
}
