internal import SQLite

/// A segment opened to be read. Each call is a read transaction of its own that ends with it: nothing is held while
/// a block is decoded or a client waits.
final class SegmentReader {
    let info: SegmentInfo
    let path: String
    private let connection: Connection
    private var selectHot: Statement
    private var selectCold: Statement

    /// - Throws: `.foreign`, `.newerFormat`, `.damaged`, or what SQLite says.
    init(directory: StoreDirectory, info: SegmentInfo) throws(StoreError) {
        path = directory.path(of: info.name)
        self.info = info
        let opened = try SegmentFile.open(directory, info.name)
        do {
            let hot = try opened.prepare("SELECT data FROM hot WHERE id = ?", persistent: true)
            let cold = try opened.prepare("SELECT data FROM cold WHERE id = ?", persistent: true)
            connection = opened
            selectHot = hot
            selectCold = cold
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
                let (row, isSound) = BlockRow.read(statement, segment: info.start)
                if !isSound {
                    damaged.append(row.number)
                } else if row.first < range.upperBound, row.last >= range.lowerBound {
                    sound.append(row)
                }
            }
        } catch {
            throw SegmentFile.explained(error, path)
        }
        return (sound, damaged)
    }

    func gaps() throws(StoreError) -> [Gap] {
        var gaps: [Gap] = []
        do {
            var statement = try connection.prepare("SELECT first, last, reason, count FROM gap ORDER BY id")
            while try statement.step() {
                let reason = Gap.Reason(rawValue: UInt8(truncatingIfNeeded: statement.integer(2))) ?? .damaged
                let count = statement.isNull(3) ? nil : UInt64(statement.integer(3))
                gaps.append(Gap(from: statement.integer(0), to: statement.integer(1), reason: reason, count: count))
            }
        } catch {
            throw SegmentFile.explained(error, path)
        }
        return gaps
    }

    /// Copies a block's blob and checks it.
    enum Part { case hot, cold }

    func copy(_ part: Part, of row: BlockRow, to buffer: ByteBuffer) throws(StoreError) {
        do throws(SQLiteError) {
            let expected = part == .hot ? row.hotSum : row.coldSum
            let found =
                part == .hot
                ? try Self.copy(&selectHot, row.number, buffer) : try Self.copy(&selectCold, row.number, buffer)
            guard found, XXHash64.hash(buffer.bytes) == expected else {
                throw SQLiteError(code: 11, message: "checksum of block \(row.number)", context: path)
            }
        } catch {
            throw SegmentFile.explained(error, path)
        }
    }

    private static func copy(
        _ statement: inout Statement, _ number: Int64, _ buffer: ByteBuffer
    ) throws(SQLiteError) -> Bool {
        try statement.bind(1, number)
        defer { statement.reset() }
        guard try statement.step() else { return false }
        statement.withBlob(0) { buffer.replace($0) }
        return true
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
