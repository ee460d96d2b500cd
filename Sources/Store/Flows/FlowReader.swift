public import Records
internal import SQLite

/// Reads the flows and counters of a directory, the daemon's own or a copied one. Each interval is copied and let go
/// before the next; from any thread.
public struct FlowReader: Sendable {
    private let directory: StoreDirectory

    public init(directory path: String) { directory = StoreDirectory(path: path) }

    /// Calls `body` with every interval that overlaps a range, oldest first, until it returns false.
    /// - Returns: what is damaged; the rest was read.
    public func forEach(
        in range: Range<Int64>, _ body: (FlowInterval) -> Bool
    ) throws(StoreError) -> [FlowAnswer.Damage] {
        var damage: [FlowAnswer.Damage] = []
        let decoder = FlowIntervalDecoder()
        for name in try directory.names() where SegmentName.parse(name)?.family == .flows {
            do {
                guard try read(name, range, decoder, &damage, body) else { break }
            } catch {
                damage.append(FlowAnswer.Damage(segment: name, problem: "\(error)"))
            }
        }
        return damage
    }

    /// - Returns: false when `body` wants no more.
    private func read(
        _ name: String, _ range: Range<Int64>, _ decoder: FlowIntervalDecoder, _ damage: inout [FlowAnswer.Damage],
        _ body: (FlowInterval) -> Bool
    ) throws(SQLiteError) -> Bool {
        let connection = try open(name)
        let rows = try rows(of: connection, range)
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
                damage.append(FlowAnswer.Damage(segment: name, problem: "interval \(row) has a wrong checksum"))
                continue
            }
            if !body(interval) { return false }
        }
        return true
    }

    private func rows(of connection: borrowing Connection, _ range: Range<Int64>) throws(SQLiteError) -> [Int64] {
        var select = try connection.prepare("SELECT id FROM interval WHERE last > ? AND first < ? ORDER BY id")
        try select.bind(1, range.lowerBound)
        try select.bind(2, range.upperBound)
        var rows: [Int64] = []
        while try select.step() { rows.append(select.integer(0)) }
        return rows
    }

    /// A sealed file in a directory that cannot be written is read as it lies there.
    private func open(_ name: String) throws(SQLiteError) -> Connection {
        let path = directory.path(of: name)
        do {
            let connection = try Connection(path: path, mode: .readOnly, busyTimeout: 1000)
            _ = try connection.integer("SELECT count(*) FROM segment")
            return connection
        } catch {
            guard error.kind == .cannotOpen || error.kind == .readOnly, directory.length(name + "-wal") == 0 else {
                throw error
            }
            return try Connection(path: path, mode: .immutable)
        }
    }

    /// Reads every interval and checks it.
    /// - Returns: what is damaged, and how many intervals are sound.
    public func verify(
        shouldStop: () -> Bool = { false }
    ) throws(StoreError) -> (damage: [FlowAnswer.Damage], sound: Int) {
        var sound = 0
        let damage = try forEach(in: .min ..< .max) { _ in
            sound += 1
            return !shouldStop()
        }
        return (damage, sound)
    }
}
