internal import SQLite

/// A segment of the family `flows`: one SQLite file, a row an interval.
final class FlowSegment {
    /// The WAL is moved into the file when it has this many pages (1 MiB).
    private var checkpoint = SegmentCheckpoint(pages: 256)

    /// The note of a sealed segment that tells how many intervals are in it.
    static let count = "intervals"

    let name: String
    let start: Int64
    private let directory: StoreDirectory
    private let connection: Connection
    private var insert: Statement
    private let gapTable: GapTable
    private(set) var intervals: Int64
    /// Of what is in it: the first begin, and the last end.
    private(set) var times: ClosedRange<Int64>?
    /// Intervals were committed since the WAL was last synced.
    private var isDirty = false

    private static let create = """
        PRAGMA page_size = 4096;
        PRAGMA auto_vacuum = NONE;
        BEGIN;
        PRAGMA application_id = \(SegmentSchema.applicationIdentifier);
        PRAGMA user_version = \(SegmentSchema.version);
        CREATE TABLE segment (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE interval (
            id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, flows INTEGER NOT NULL,
            sum INTEGER NOT NULL, data BLOB NOT NULL);
        \(GapTable.create)
        INSERT INTO segment VALUES ('state', 'running');
        COMMIT;
        """

    static func create(in directory: StoreDirectory, start: Int64) throws(StoreError) -> FlowSegment {
        let name = SegmentName.name(family: .flows, start: start)
        do {
            let connection = try Connection(path: directory.path(of: name), mode: .create)
            try connection.execute(create)
            return try FlowSegment(connection, directory, name, start)
        } catch {
            for file in [name] + SegmentName.companions(name) { try? directory.remove(file) }
            throw .database(error)
        }
    }

    /// Opens a segment that a killed process left running.
    static func reopen(in directory: StoreDirectory, name: String, start: Int64) throws(StoreError) -> FlowSegment {
        do {
            let connection = try Connection(path: directory.path(of: name), mode: .readWrite, busyTimeout: 1000)
            return try FlowSegment(connection, directory, name, start)
        } catch {
            throw .database(error)
        }
    }

    private init(
        _ connection: consuming Connection, _ directory: StoreDirectory, _ name: String, _ start: Int64
    ) throws(SQLiteError) {
        try connection.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256"
        )
        insert = try connection.prepare(
            "INSERT INTO interval (first, last, flows, sum, data) VALUES (?,?,?,?,?)", persistent: true)
        gapTable = try GapTable(connection)
        (intervals, times) = try Self.contents(of: connection)
        self.connection = connection
        (self.directory, self.name, self.start) = (directory, name, start)
    }

    /// How many intervals there are, and the time that they reach over.
    static func contents(
        of connection: borrowing Connection
    ) throws(SQLiteError) -> (intervals: Int64, times: ClosedRange<Int64>?) {
        var sums = try connection.prepare("SELECT count(*), min(first), max(last) FROM interval")
        guard try sums.step(), sums.integer(0) > 0 else { return (0, nil) }
        let (first, last) = (sums.integer(1), sums.integer(2))
        return (sums.integer(0), min(first, last)...max(first, last))
    }

    /// What retention needs to know of it.
    var info: SegmentInfo {
        SegmentInfo(
            name: name, family: .flows, start: start, state: .running, times: times, records: intervals,
            blocks: intervals, bytes: directory.allocatedWithCompanions(name))
    }

    /// Adds an interval and what gaps there are in one transaction; after an error nothing of it is there.
    /// - Parameter data: the interval as `FlowIntervalEncoder` has it.
    func append(_ interval: FlowInterval, _ data: ByteBuffer, _ gaps: [Gap]) throws(StoreError) {
        do {
            try connection.transaction { () throws(SQLiteError) in
                try insert(interval, data)
                for gap in gaps { try gapTable.insert(gap) }
            }
        } catch {
            throw .database(error.error)
        }
        intervals += 1
        let old = times ?? interval.from...interval.to
        times = min(old.lowerBound, interval.from)...max(old.upperBound, interval.to)
        isDirty = true
    }

    private func insert(_ interval: FlowInterval, _ data: ByteBuffer) throws(SQLiteError) {
        try insert.bind(1, interval.from)
        try insert.bind(2, interval.to)
        try insert.bind(3, Int64(interval.flows.count))
        try insert.bind(4, Int64(bitPattern: XXHash64.hash(data.bytes)))
        try insert.bind(5, unowned: data.bytes)
        try insert.run()
    }

    var walLength: Int64 { directory.length(name + "-wal") }

    /// Moves the WAL into the file when it has grown.
    /// - Parameter bytes: of the interval that was just added.
    /// - Returns: false when a reader keeps it from shrinking.
    func checkpointIfDue(after bytes: Int) throws(StoreError) -> Bool { try checkpoint.note(bytes, connection) }

    /// Makes all commits so far safe from a power cut, as `SegmentWriter.sync` does.
    func sync() throws(StoreError) {
        guard isDirty else { return }
        if walLength > 0 {
            let file = try File(directory.path(of: name + "-wal"), .write)
            try file.sync()
        }
        isDirty = false
    }

    /// Ends the segment: everything in the one file, marked as sealed, safe from a power cut.
    func seal(now: Int64) throws(StoreError) {
        do {
            try connection.execute("REPLACE INTO segment VALUES ('\(Self.count)', \(intervals))")
            try SegmentSeal.close(connection, now: now)
        } catch {
            throw .database(error)
        }
        try directory.sync()
    }
}
