internal import SQLite

/// A segment opened to be read. While it is not sealed each call is a read transaction of its own that ends with it:
/// nothing is held while a block is decoded or a client waits.
final class SegmentReader {
    let info: SegmentInfo
    let path: String
    /// Complete, so that the file may stay open: nobody waits for it.
    let isSealed: Bool
    private let connection: Connection
    private let blobs: BlobSelection

    /// - Throws: `.foreign`, `.newerFormat`, `.damaged`, or what SQLite says.
    init(directory: StoreDirectory, info: SegmentInfo) throws(StoreError) {
        path = directory.path(of: info.name)
        self.info = info
        let opened = try SegmentFile.open(directory, info.name)
        isSealed = (try? SegmentFile.state(of: opened, path)) == .sealed
        do {
            blobs = try BlobSelection(opened, staysOpen: isSealed)
            connection = opened
        } catch {
            throw SegmentFile.explained(error, path)
        }
    }

    var state: SegmentInfo.State {
        get throws(StoreError) { try SegmentFile.state(of: connection, path) }
    }

    /// A number that the segment notes of itself (`closed`, `sealed`).
    func note(_ key: String) -> Int64? {
        (try? connection.integer("SELECT value FROM segment WHERE key = '\(key)'")) ?? nil
    }

    /// All numbers that the segment notes of itself.
    func notes() throws(StoreError) -> [String: Int64] {
        var found: [String: Int64] = [:]
        do {
            var statement = try connection.prepare("SELECT key, value FROM segment WHERE typeof(value) = 'integer'")
            while try statement.step() { found[statement.text(0)] = statement.integer(1) }
        } catch {
            throw SegmentFile.explained(error, path)
        }
        return found
    }

    /// The rows of the blocks that overlap a range, by number; those with a wrong checksum apart.
    func rows(
        overlapping range: Range<Int64>, below limit: Int64 = .max
    ) throws(StoreError) -> (sound: [BlockRow], damaged: [Int64]) {
        var sound: [BlockRow] = []
        var damaged: [Int64] = []
        do {
            var statement = try connection.prepare("SELECT \(BlockRow.columns) FROM block WHERE id < ? ORDER BY id")
            try statement.bind(1, limit)
            while try statement.step() {
                if !BlockRow.isSound(statement, segment: info.start) {
                    damaged.append(statement.integer(0))
                } else if BlockRow.overlaps(statement, range) {
                    sound.append(BlockRow.read(statement))
                }
            }
        } catch {
            throw SegmentFile.explained(error, path)
        }
        return (sound, damaged)
    }

    /// The row of the sums over all blocks.
    /// - Returns: nil when there are none; and whether its checksum is right.
    func rollup() -> (row: BlockRow, isSound: Bool)? {
        guard var statement = try? connection.prepare("SELECT \(BlockRow.columns) FROM rollup"),
            (try? statement.step()) == true
        else { return nil }
        let row = BlockRow.read(statement)
        return (row, BlockRow.isSound(statement, segment: info.start) && row.number == BlockPlace.rollup)
    }

    /// The row of the sums over exactly these blocks.
    /// - Returns: nil when there are none.
    func rollup(of blocks: [BlockRow]) -> BlockRow? {
        guard isSealed, let found = rollup(), found.isSound else { return nil }
        return found.row.count == blocks.reduce(0) { $0 + $1.count } ? found.row : nil
    }

    func gaps() throws(StoreError) -> [Gap] {
        do { return try GapTable.all(of: connection) } catch { throw SegmentFile.explained(error, path) }
    }

    /// Copies a block's blob and checks it.
    func copy(_ blob: BlockBlob, of row: BlockRow, to buffer: ByteBuffer) throws(StoreError) {
        do throws(SQLiteError) {
            let found = try blobs.copy(blob, block: row.number, to: buffer)
            guard found, XXHash64.hash(buffer.bytes) == row.sums[blob] else {
                throw SQLiteError(code: 11, message: "checksum of \(row.name), \(blob)", context: path)
            }
        } catch {
            throw SegmentFile.explained(error, path)
        }
    }

    /// Counts and times of all blocks as their rows tell; whether these are sound shows when they are read.
    func summarised() throws(StoreError) -> SegmentInfo {
        var info = info
        do {
            var sums = try connection.prepare("SELECT count(*), total(count), min(first), max(last) FROM block")
            if try sums.step(), sums.integer(0) > 0 {
                (info.blocks, info.records) = (sums.integer(0), sums.integer(1))
                let (first, last) = (sums.integer(2), sums.integer(3))
                info.times = min(first, last)...max(first, last)
            }
        } catch {
            throw SegmentFile.explained(error, path)
        }
        info.state = try state
        return info
    }
}
