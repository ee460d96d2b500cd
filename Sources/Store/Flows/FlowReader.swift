public import Records
internal import SQLite

/// Where an interval stands in the store.
public struct IntervalPlace: Equatable, Sendable {
    var segment: String
    var row: Int64
}

/// Reads the flows and counters of a directory, the daemon's own or a copied one. Each interval is copied and let go
/// before the next; from any thread.
public struct FlowReader: Sendable {
    private let directory: StoreDirectory

    public init(directory path: String) { directory = StoreDirectory(path: path) }

    /// What a pass over the intervals came upon beside them.
    public struct Scan: Sendable {
        /// What could not be read; the rest was.
        public var damage: [IntervalDamage] = []
        /// Stretches within the range that intervals are missing from.
        public var gaps: [Gap] = []
    }

    /// Calls `body` with every interval that overlaps a range, oldest first, until it returns false.
    /// - Parameter after: where an earlier call stopped; intervals up to there are left out.
    public func forEach(
        in range: Range<Int64>, after: IntervalPlace? = nil, _ body: (FlowInterval, IntervalPlace) -> Bool
    ) throws(StoreError) -> Scan {
        let decoder = FlowIntervalDecoder()
        return try forEachSegment { name, scan throws(StoreError) in
            if let after, name < after.segment { return true }
            let first = after?.segment == name ? after!.row + 1 : 0
            return try read(name, range, first, decoder, &scan, body)
        }
    }

    /// Stretches within a range that intervals are missing from; no interval is read.
    public func gaps(in range: Range<Int64>) throws(StoreError) -> Scan {
        try forEachSegment { name, scan throws(StoreError) in
            let connection = try SegmentFile.open(directory, name)
            do throws(SQLiteError) {
                scan.gaps += try GapTable.all(of: connection).filter { $0.overlaps(range) }
            } catch {
                throw SegmentFile.explained(error, name)
            }
            return true
        }
    }

    /// Calls `body` with the segments' names, oldest first, until it returns false. What it throws is noted as damage.
    private func forEachSegment(
        _ body: (String, inout Scan) throws(StoreError) -> Bool
    ) throws(StoreError) -> Scan {
        var scan = Scan()
        for name in try directory.names() where SegmentName.parse(name)?.family == .flows {
            do {
                guard try body(name, &scan) else { break }
            } catch {
                // Retention may have deleted it meanwhile.
                guard directory.contains(name) else { continue }
                scan.damage.append(IntervalDamage(segment: name, problem: error.description))
            }
        }
        return scan
    }

    /// - Returns: false when `body` wants no more.
    private func read(
        _ name: String, _ range: Range<Int64>, _ first: Int64, _ decoder: FlowIntervalDecoder,
        _ scan: inout Scan, _ body: (FlowInterval, IntervalPlace) -> Bool
    ) throws(StoreError) -> Bool {
        let connection = try SegmentFile.open(directory, name)
        if try SegmentFile.state(of: connection, name) == .running, directory.length(name + "-wal") == 0,
            directory.length(SegmentName.lock) == 0
        {
            scan.damage.append(IntervalDamage(segment: name, problem: "copied while running, without its -wal file"))
        }
        do {
            scan.gaps += try GapTable.all(of: connection).filter { $0.overlaps(range) }
            return try read(connection, name, range, first, decoder, &scan.damage, body)
        } catch {
            throw SegmentFile.explained(error, name)
        }
    }

    private func read(
        _ connection: borrowing Connection, _ name: String, _ range: Range<Int64>, _ first: Int64,
        _ decoder: FlowIntervalDecoder, _ damage: inout [IntervalDamage], _ body: (FlowInterval, IntervalPlace) -> Bool
    ) throws(SQLiteError) -> Bool {
        let (rows, missing) = try Self.rows(of: connection, range, first)
        if missing > 0 {
            damage.append(IntervalDamage(segment: name, problem: "\(missing) intervals are missing"))
        }
        var select = try connection.prepare("SELECT first, last, sum, data FROM interval WHERE id = ?")
        for row in rows {
            try select.bind(1, row)
            guard try select.step() else { continue }
            let (from, to, sum) = (select.integer(0), select.integer(1), UInt64(bitPattern: select.integer(2)))
            let interval = select.withBlob(3) { bytes in
                XXHash64.hash(bytes) == sum ? decoder.decode(bytes, from: from, to: to) : nil
            }
            select.reset()
            guard let interval else {
                damage.append(IntervalDamage(segment: name, problem: "interval \(row) has a wrong checksum"))
                continue
            }
            if !body(interval, IntervalPlace(segment: name, row: row)) { return false }
        }
        return true
    }

    /// The rows in range from `first` on, and how many of all are lost: they are numbered without a hole, and a sealed
    /// segment notes how many there are.
    private static func rows(
        of connection: borrowing Connection, _ range: Range<Int64>, _ first: Int64
    ) throws(SQLiteError) -> (rows: [Int64], missing: Int64) {
        var select = try connection.prepare("SELECT id, first, last FROM interval ORDER BY id")
        var rows: [Int64] = []
        var (count, greatest): (Int64, Int64) = (0, 0)
        while try select.step() {
            let row = select.integer(0)
            (count, greatest) = (count + 1, max(greatest, row))
            if row >= first, select.integer(2) > range.lowerBound, select.integer(1) < range.upperBound {
                rows.append(row)
            }
        }
        let noted = try connection.integer("SELECT value FROM segment WHERE key = '\(FlowSegment.count)'")
        return (rows, max(0, (noted ?? greatest) - count))
    }

    /// Reads every interval and checks it.
    /// - Returns: what is damaged, and how many intervals are sound.
    public func verify(
        shouldStop: () -> Bool = { false }
    ) throws(StoreError) -> (damage: [IntervalDamage], sound: Int) {
        var sound = 0
        let scan = try forEach(in: .min ..< .max) { _, _ in
            sound += 1
            return !shouldStop()
        }
        return (scan.damage, sound)
    }

    /// The segments, oldest first, and what they take; those that cannot be read have neither records nor times.
    public func segments() throws(StoreError) -> [SegmentInfo] {
        var found: [SegmentInfo] = []
        for name in try directory.names() {
            guard let (family, start) = SegmentName.parse(name), family == .flows else { continue }
            var info = SegmentInfo(name: name, family: .flows, start: start, state: .damaged)
            info.bytes = directory.allocatedWithCompanions(name)
            if let connection = try? SegmentFile.open(directory, name),
                let state = try? SegmentFile.state(of: connection, name),
                let (intervals, times) = try? FlowSegment.contents(of: connection)
            {
                (info.state, info.records, info.blocks, info.times) = (state, intervals, intervals, times)
            }
            found.append(info)
        }
        return found
    }
}
