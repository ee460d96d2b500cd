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

    /// Calls `body` with every interval that overlaps a range, oldest first, until it returns false.
    /// - Parameter after: where an earlier call stopped; intervals up to there are left out.
    /// - Returns: what is damaged; the rest was read.
    public func forEach(
        in range: Range<Int64>, after: IntervalPlace? = nil, _ body: (FlowInterval, IntervalPlace) -> Bool
    ) throws(StoreError) -> [IntervalDamage] {
        var damage: [IntervalDamage] = []
        let decoder = FlowIntervalDecoder()
        for name in try directory.names() where SegmentName.parse(name)?.family == .flows {
            if let after, name < after.segment { continue }
            let first = after?.segment == name ? after!.row + 1 : 0
            do {
                guard try read(name, range, first, decoder, &damage, body) else { break }
            } catch {
                damage.append(IntervalDamage(segment: name, problem: error.description))
            }
        }
        return damage
    }

    /// - Returns: false when `body` wants no more.
    private func read(
        _ name: String, _ range: Range<Int64>, _ first: Int64, _ decoder: FlowIntervalDecoder,
        _ damage: inout [IntervalDamage], _ body: (FlowInterval, IntervalPlace) -> Bool
    ) throws(StoreError) -> Bool {
        let connection = try SegmentFile.open(directory, name)
        if try SegmentFile.state(of: connection, name) == .running, directory.length(name + "-wal") == 0,
            directory.length(SegmentName.lock) == 0
        {
            damage.append(IntervalDamage(segment: name, problem: "copied while running, without its -wal file"))
        }
        do {
            return try read(connection, name, range, first, decoder, &damage, body)
        } catch {
            throw SegmentFile.explained(error, name)
        }
    }

    private func read(
        _ connection: borrowing Connection, _ name: String, _ range: Range<Int64>, _ first: Int64,
        _ decoder: FlowIntervalDecoder, _ damage: inout [IntervalDamage], _ body: (FlowInterval, IntervalPlace) -> Bool
    ) throws(SQLiteError) -> Bool {
        let rows = try rows(of: connection, range, first)
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

    private func rows(
        of connection: borrowing Connection, _ range: Range<Int64>, _ first: Int64
    ) throws(SQLiteError) -> [Int64] {
        var select = try connection.prepare(
            "SELECT id FROM interval WHERE last > ? AND first < ? AND id >= ? ORDER BY id")
        try select.bind(1, range.lowerBound)
        try select.bind(2, range.upperBound)
        try select.bind(3, first)
        var rows: [Int64] = []
        while try select.step() { rows.append(select.integer(0)) }
        return rows
    }

    /// Reads every interval and checks it.
    /// - Returns: what is damaged, and how many intervals are sound.
    public func verify(
        shouldStop: () -> Bool = { false }
    ) throws(StoreError) -> (damage: [IntervalDamage], sound: Int) {
        var sound = 0
        let damage = try forEach(in: .min ..< .max) { _, _ in
            sound += 1
            return !shouldStop()
        }
        return (damage, sound)
    }
}
