internal import SQLite

/// The table of gaps, which segments of both families have.
final class GapTable {
    static let create = """
        CREATE TABLE gap (
            id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, reason INTEGER NOT NULL,
            count INTEGER);
        """

    private var insertion: Statement

    /// - Parameter connection: must outlive it.
    init(_ connection: borrowing Connection) throws(SQLiteError) {
        insertion = try connection.prepare(
            "INSERT INTO gap (first, last, reason, count) VALUES (?,?,?,?)", persistent: true)
    }

    func insert(_ gap: Gap) throws(SQLiteError) {
        try insertion.bind(1, gap.from)
        try insertion.bind(2, gap.to)
        try insertion.bind(3, Int64(gap.reason.rawValue))
        if let count = gap.count { try insertion.bind(4, Int64(clamping: count)) } else { try insertion.bindNull(4) }
        try insertion.run()
    }

    /// All gaps of a segment, as they were noted.
    static func all(of connection: borrowing Connection) throws(SQLiteError) -> [Gap] {
        var statement = try connection.prepare("SELECT first, last, reason, count FROM gap ORDER BY id")
        var gaps: [Gap] = []
        while try statement.step() {
            let reason = Gap.Reason(rawValue: UInt8(truncatingIfNeeded: statement.integer(2))) ?? .damaged
            let count = statement.isNull(3) ? nil : UInt64(clamping: statement.integer(3))
            gaps.append(Gap(from: statement.integer(0), to: statement.integer(1), reason: reason, count: count))
        }
        return gaps
    }
}
