internal import SQLite

/// The running segment: one SQLite file in WAL mode that blocks are added to, and that is sealed at its end.
final class SegmentWriter {
    /// The WAL is moved into the file when it has this many pages (4 MiB).
    private static let checkpointPages = 1000

    let name: String
    let start: Int64
    private let directory: StoreDirectory
    private let connection: Connection
    private var insertBlock: Statement
    private var insertHot: Statement
    private var insertCold: Statement
    private var insertGap: Statement
    private var replaceNote: Statement
    private(set) var nextNumber: Int64
    /// Blocks were committed since the WAL was last synced.
    private(set) var isDirty = false

    /// Creates a segment that begins now.
    /// - Parameter counting: what the tallies count; see `StoreWriter.open`.
    static func create(
        in directory: StoreDirectory, start: Int64, counting: UInt64, _ tallies: Tallies
    ) throws(StoreError) -> SegmentWriter {
        let name = SegmentName.name(family: .headers, start: start)
        do {
            let connection = try Connection(path: directory.path(of: name), mode: .create)
            try connection.execute(SegmentSchema.create)
            try connection.execute("INSERT INTO segment VALUES ('start', \(start))")
            try connection.execute(
                "INSERT INTO segment VALUES ('\(SegmentNote.counting)', \(Int64(bitPattern: counting)))")
            let writer = try SegmentWriter(connection, directory, name, start)
            try writer.note(tallies)
            return writer
        } catch {
            for file in [name] + SegmentName.companions(name) { try? directory.remove(file) }
            throw .database(error)
        }
    }

    /// Opens a segment that a killed process left running.
    static func reopen(in directory: StoreDirectory, name: String, start: Int64) throws(StoreError) -> SegmentWriter {
        do {
            let connection = try Connection(path: directory.path(of: name), mode: .readWrite, busyTimeout: 1000)
            return try SegmentWriter(connection, directory, name, start)
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
        let block = try connection.prepare(
            "INSERT INTO block (\(BlockRow.columns)) VALUES (?,?,?,?,?,?,?,?,?,?,?)", persistent: true)
        let hot = try connection.prepare("INSERT INTO hot VALUES (?,?)", persistent: true)
        let cold = try connection.prepare("INSERT INTO cold VALUES (?,?)", persistent: true)
        let gap = try connection.prepare(
            "INSERT INTO gap (first, last, reason, count) VALUES (?,?,?,?)", persistent: true)
        let note = try connection.prepare("REPLACE INTO segment VALUES (?,?)", persistent: true)
        nextNumber = (try connection.integer("SELECT max(id) FROM block") ?? 0) + 1
        insertBlock = block
        insertHot = hot
        insertCold = cold
        insertGap = gap
        replaceNote = note
        self.connection = connection
        (self.directory, self.name, self.start) = (directory, name, start)
    }

    /// Bytes that the file and what SQLite keeps beside it occupy.
    var allocated: Int64 {
        SegmentName.companions(name).reduce(directory.allocated(name)) { $0 + directory.allocated($1) }
    }

    var walLength: Int64 { directory.length(name + "-wal") }

    /// Adds a block and what gaps there are in one transaction; after an error nothing of it is there.
    /// - Parameter tallies: as they are then.
    func insert(_ block: borrowing EncodedBlock, gaps: [Gap], _ tallies: Tallies) throws(StoreError) {
        do {
            try connection.execute("BEGIN IMMEDIATE")
            try insertRow(block)
            for gap in gaps { try insert(gap) }
            try note(tallies)
            try connection.execute("COMMIT")
        } catch {
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            throw .database(error)
        }
        nextNumber += 1
        isDirty = true
    }

    /// Adds gaps alone.
    func insert(gaps: [Gap]) throws(StoreError) {
        do {
            try connection.execute("BEGIN IMMEDIATE")
            for gap in gaps { try insert(gap) }
            try connection.execute("COMMIT")
        } catch {
            if !connection.isAutocommit { try? connection.execute("ROLLBACK") }
            throw .database(error)
        }
        isDirty = true
    }

    private func insertRow(_ block: borrowing EncodedBlock) throws(SQLiteError) {
        try insertHot.bind(1, nextNumber)
        try insertHot.bind(2, unowned: block.hot.bytes)
        try insertHot.run()
        try insertCold.bind(1, nextNumber)
        try insertCold.bind(2, unowned: block.cold.bytes)
        try insertCold.run()
        let row = block.row(place: BlockPlace(segment: start, number: nextNumber))
        let values = [
            row.number, row.first, row.last, row.count, row.clock, row.leastRate, row.greatestRate,
            Int64(bitPattern: row.hotSum), Int64(bitPattern: row.coldSum),
        ]
        for (index, value) in values.enumerated() { try insertBlock.bind(Int32(index + 1), value) }
        try insertBlock.bind(10, unowned: block.summary.bytes)
        try insertBlock.bind(11, Int64(bitPattern: row.checksum(segment: start)))
        try insertBlock.run()
    }

    private func insert(_ gap: Gap) throws(SQLiteError) {
        try insertGap.bind(1, gap.from)
        try insertGap.bind(2, gap.to)
        try insertGap.bind(3, Int64(gap.reason.rawValue))
        if let count = gap.count { try insertGap.bind(4, Int64(clamping: count)) } else { try insertGap.bindNull(4) }
        try insertGap.run()
    }

    /// Makes all commits so far safe from a power cut.
    ///
    /// Frames of the WAL carry checksums, so syncing that file alone is what a commit with synchronous=FULL does.
    func sync() throws(StoreError) {
        guard isDirty else { return }
        if walLength > 0 {
            let file = try File(directory.path(of: name + "-wal"), .write)
            try file.sync()
        }
        isDirty = false
    }

    /// Moves the WAL into the file when it has grown.
    /// - Returns: false when it had and a reader kept it from shrinking.
    func checkpointIfDue() throws(StoreError) -> Bool {
        guard walLength >= Int64(Self.checkpointPages) * 4096 else { return true }
        do {
            let result = try connection.checkpoint(.passive)
            return result.isComplete || result.logged < Self.checkpointPages * 3 / 2
        } catch {
            if error.kind == .busy { return false }
            throw .database(error)
        }
    }

    /// Ends the segment: everything in the one file, marked as sealed, safe from a power cut.
    /// - Throws: `.database` of kind `.busy` while somebody reads it; to be tried again.
    func seal(now: Int64) throws(StoreError) {
        do {
            try SegmentSeal.close(connection, now: now)
        } catch {
            throw .database(error)
        }
        isDirty = false
        try directory.sync()
    }

    func note(_ key: String, _ value: Int64) throws(StoreError) {
        do { try replace(key, value) } catch { throw .database(error) }
        isDirty = true
    }

    private func note(_ tallies: Tallies) throws(SQLiteError) {
        for (source, tally) in tallies.all {
            try replace(SegmentNote.stored(source), Int64(clamping: tally.stored))
            try replace(SegmentNote.lost(source), Int64(clamping: tally.lost))
        }
    }

    private func replace(_ key: String, _ value: Int64) throws(SQLiteError) {
        try replaceNote.bind(1, key)
        try replaceNote.bind(2, value)
        try replaceNote.run()
    }
}
