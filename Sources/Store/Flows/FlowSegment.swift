internal import SQLite

/// A segment of the family `flows`: one SQLite file, a row an interval.
final class FlowSegment {
    let name: String
    let start: Int64
    private let directory: StoreDirectory
    private let connection: Connection
    private var insert: Statement
    private(set) var intervals: Int64
    private(set) var newest: Int64
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
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256")
        insert = try connection.prepare(
            "INSERT INTO interval (first, last, flows, sum, data) VALUES (?,?,?,?,?)", persistent: true)
        intervals = try connection.integer("SELECT count(*) FROM interval") ?? 0
        newest = try connection.integer("SELECT max(last) FROM interval") ?? start
        self.connection = connection
        (self.directory, self.name, self.start) = (directory, name, start)
    }

    /// What retention needs to know of it.
    var info: SegmentInfo {
        let bytes = SegmentName.companions(name).reduce(directory.allocated(name)) { $0 + directory.allocated($1) }
        return SegmentInfo(
            name: name, family: .flows, start: start, state: .running, times: start...max(start, newest),
            records: intervals, blocks: intervals, bytes: bytes)
    }

    func append(_ interval: FlowInterval, _ data: ByteBuffer) throws(StoreError) {
        do {
            try insert.bind(1, interval.from)
            try insert.bind(2, interval.to)
            try insert.bind(3, Int64(interval.flows.count))
            try insert.bind(4, Int64(bitPattern: XXHash64.hash(data.bytes)))
            try insert.bind(5, unowned: data.bytes)
            try insert.run()
        } catch {
            throw .database(error)
        }
        intervals += 1
        newest = max(newest, interval.to)
        isDirty = true
    }

    /// Makes all commits so far safe from a power cut, as `SegmentWriter.sync` does.
    func sync() throws(StoreError) {
        guard isDirty else { return }
        if directory.length(name + "-wal") > 0 {
            let file = try File(directory.path(of: name + "-wal"), .write)
            try file.sync()
        }
        isDirty = false
    }

    /// Ends the segment: everything in the one file, marked as sealed, safe from a power cut.
    func seal(now: Int64) throws(StoreError) {
        do {
            try SegmentSeal.close(connection, now: now)
        } catch {
            throw .database(error)
        }
        try directory.sync()
    }
}
