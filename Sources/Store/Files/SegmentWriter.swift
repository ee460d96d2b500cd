internal import SQLite

/// The running segment: one SQLite file in WAL mode that blocks are added to, and that is sealed at its end.
final class SegmentWriter {
    /// The WAL is moved into the file when it has this many pages (5 MiB).
    private var checkpoint = SegmentCheckpoint(pages: 1300)

    let name: String
    let start: Int64
    private let directory: StoreDirectory
    private let connection: Connection
    /// Nil when there is none to be written: any more, or since an earlier process began the segment.
    private var rollup: Rollup?
    private var insertBlock: Statement
    private var blobs: BlobInsertion
    private let gapTable: GapTable
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
            writer.rollup = Rollup()
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
        // A block has to find room in the cache, or its pages go into the WAL more than once.
        try connection.execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2048"
        )
        let block = try connection.prepare(BlockRow.insertion(into: "block"), persistent: true)
        let blobs = try BlobInsertion(connection)
        let gapTable = try GapTable(connection)
        let note = try connection.prepare("REPLACE INTO segment VALUES (?,?)", persistent: true)
        nextNumber = (try connection.integer("SELECT max(id) FROM block") ?? 0) + 1
        insertBlock = block
        self.blobs = blobs
        self.gapTable = gapTable
        replaceNote = note
        self.connection = connection
        (self.directory, self.name, self.start) = (directory, name, start)
    }

    /// Bytes that the file and what SQLite keeps beside it occupy.
    var allocated: Int64 { directory.allocatedWithCompanions(name) }

    var walLength: Int64 { directory.length(name + "-wal") }

    /// Adds a block and what gaps there are in one transaction; after an error nothing of it is there.
    /// - Parameters:
    ///   - tallies: as they are then.
    ///   - recovered: whose tails' records are in the block.
    func insert(
        _ block: borrowing EncodedBlock, gaps: [Gap], _ tallies: Tallies, recovered: [BlockPlace] = []
    ) throws(StoreError) {
        do {
            try connection.transaction { () throws(SQLiteError) in
                try Self.insert(block, place: BlockPlace(segment: start, number: nextNumber), &insertBlock, blobs)
                for gap in gaps { try gapTable.insert(gap) }
                try note(tallies)
                for place in recovered { try replace(SegmentNote.recovered(place), 1) }
            }
        } catch {
            throw .database(error.error)
        }
        nextNumber += 1
        isDirty = true
    }

    /// Adds gaps alone.
    func insert(gaps: [Gap]) throws(StoreError) {
        do {
            try connection.transaction { () throws(SQLiteError) in for gap in gaps { try gapTable.insert(gap) } }
        } catch {
            throw .database(error.error)
        }
        isDirty = true
    }

    private static func insert(
        _ block: borrowing EncodedBlock, place: BlockPlace, _ statement: inout Statement, _ blobs: BlobInsertion
    ) throws(SQLiteError) {
        for blob in BlockBlob.allCases where block.blobs[blob].count > 0 {
            try blobs.run(blob, block: place.number, block.blobs[blob].bytes)
        }
        let row = block.row(place: place)
        let numbers = row.numbers
        for (index, number) in numbers.enumerated() { try statement.bind(Int32(index + 1), number) }
        let summary = Int32(numbers.count + 1)
        try statement.bind(summary, unowned: block.summary.bytes)
        try statement.bind(summary + 1, Int64(bitPattern: row.checksum(segment: place.segment)))
        try statement.run()
    }

    /// Adds a block that has just been inserted to the sums over all of them.
    func rollUp(_ encoder: BlockEncoder, _ block: borrowing EncodedBlock, _ names: [UInt32: String]) {
        if rollup?.add(encoder, block, names) == false { rollup = nil }
    }

    /// What sealing will write beside what is there: into the WAL and from there into the file.
    var reserved: Int64 { rollup.map { 2 * Int64($0.size) } ?? 0 }

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
    /// - Parameter bytes: of the block that was just inserted.
    /// - Returns: false when a reader keeps it from shrinking.
    func checkpointIfDue(after bytes: Int) throws(StoreError) -> Bool { try checkpoint.note(bytes, connection) }

    /// Ends the segment: everything in the one file, marked as sealed, safe from a power cut.
    /// - Throws: `.database` of kind `.busy` while somebody reads it; to be tried again.
    func seal(now: Int64) throws(StoreError) {
        do {
            try insertRollup()
            try SegmentSeal.close(connection, now: now)
        } catch {
            throw .database(error)
        }
        isDirty = false
        try directory.sync()
    }

    private func insertRollup() throws(SQLiteError) {
        guard let rollup, rollup.isWorthwhile else { return }
        try connection.checkpoint(.truncate)  // for the WAL's limit
        self.rollup = nil
        var block = EncodedBlock()
        rollup.encode(to: &block)
        // All that it says is in the blocks: without room for it they have to do.
        try? connection.transaction { () throws(SQLiteError) in
            try connection.execute(SegmentSchema.createRollup)
            var statement = try connection.prepare(BlockRow.insertion(into: "rollup"))
            try Self.insert(block, place: BlockPlace(segment: start, number: BlockPlace.rollup), &statement, blobs)
        }
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
