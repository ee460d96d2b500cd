import CHdrlog
import Filter
import Foundation
import Records
import SQLTables
import SQLite
import Store
import StoreFixtures
import Testing

@Suite("The log as tables of SQLite")
struct SQLTablesTests {
    private static let start: Int64 = 1_700_000_000_000_000_000
    private static let count = 20_000

    /// A closed store of synthetic traffic; removed with the object.
    private final class Log {
        let directory = NSTemporaryDirectory() + "hdrlog-sql-\(UUID().uuidString.prefix(8))"

        init() throws {
            var limits = StoreLimits()
            (limits.keepFree, limits.blockRecords) = (0, 1500)
            let writer = try StoreWriter.open(
                directory: directory, limits: limits, interfaces: [2: "eth0"], now: start
            ).writer
            var shape = SyntheticTraffic.Shape()
            (shape.flows, shape.start) = (300, start)
            var traffic = SyntheticTraffic(shape)
            let chunk = RecordChunk(capacity: count * 160)
            traffic.fill(chunk, count: count)
            writer.append(chunk, now: start)
            writer.close(now: start + 1_000_000_000)
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        func connection() throws -> Connection {
            let connection = try Connection(path: ":memory:", mode: .create)
            try SQLTables.add(to: Extensions(of: connection), .init(directory: directory))
            return connection
        }
    }

    private static func rows(_ connection: borrowing Connection, _ sql: String) throws -> [[SQLValue]] {
        var statement = try connection.prepareSingle(sql)
        let columns = Int32(statement.columnNames.count)
        var rows: [[SQLValue]] = []
        while try statement.step() { rows.append((0..<columns).map { statement.value($0) }) }
        return rows
    }

    @Test("headers has every record with every field, as the store tells them") func everyField() throws {
        let log = try Log()
        let connection = try log.connection()
        let rows = try Self.rows(connection, "SELECT * FROM headers")
        #expect(rows.count == Self.count)
        var place = 0
        var differences = 0
        _ = try StoreReader(directory: log.directory).query(Query()) { record, interface in
            let layout = record.layout
            for (column, field) in Field.allCases.enumerated()
            where !Self.isSame(rows[place][column], record.value(of: field, layout), interface) { differences += 1 }
            place += 1
            return true
        }
        #expect(place == Self.count && differences == 0)
    }

    private static func isSame(_ told: SQLValue, _ value: FieldValue?, _ interface: String) -> Bool {
        switch value {
        case nil: told == .null
        case .time(let time): told == .integer(time)
        case .integer(let number): told == .integer(Int64(number))
        case .boolean(let flag): told == .integer(flag ? 1 : 0)
        case .interface: told == .text(interface)
        case .direction(let direction): told == .text("\(direction.name)")
        case .address(let address): told == .text("\(address)")
        case .mac(let address): told == .text("\(address)")
        case .bytes(let bytes): told == .blob(Array(bytes))
        case .list(let list): told == .text(list.map { "\($0)" }.joined(separator: ","))
        }
    }

    /// A unary plus keeps SQLite from handing a comparison to the table, so that it has to look at all rows itself.
    @Test("a comparison that the table answers gives the rows that a look at all of them gives") func pushing() throws {
        let log = try Log()
        let connection = try log.connection()
        let sample = try Self.rows(
            connection,
            "SELECT source, destination, sourcePort, time FROM headers WHERE sourcePort IS NOT NULL LIMIT 99")
        var random = Random(seed: 7)
        for _ in 0..<60 {
            let row = sample[Int(random.next() % UInt64(sample.count))]
            let tests = [
                "source = \(Self.literal(row[0]))", "destination = \(Self.literal(row[1]))",
                "sourcePort = \(Self.literal(row[2]))", "time >= \(Self.literal(row[3]))",
                "time < \(Self.literal(row[3]))", "time = \(Self.literal(row[3]))", "protocol = 6", "protocol > 6",
                "ttl <= 64", "frameLength < 100", "sourcePort = 443.5", "sourcePort = -1",
                "sourcePort = 70000", "dontFragment = 1", "dontFragment = 2", "direction = 'in'", "direction = 'IN'",
                "interface = 'eth0'", "interface = 'eth*'", "source = 'no address'", "source = NULL",
                "sourceMac = '02:00:00:00:00:01'", "destinationPort IN (53, 443)", "source LIKE '10.%'",
                "source = '2001:DB8::1'", "tcpFlags = 2", "ttl >= 9223372036854775807",
            ]
            let chosen = (0..<2).map { _ in tests[Int(random.next() % UInt64(tests.count))] }
            let pushed = chosen.joined(separator: " AND ")
            let looked = chosen.map { "+" + $0 }.joined(separator: " AND ")
            let counts = try [pushed, looked].map { condition in
                try Self.rows(
                    connection,
                    "SELECT count(*), sum(frameLength), min(time), max(time) FROM headers WHERE \(condition)")
            }
            #expect(counts[0] == counts[1], "\(pushed)")
        }
    }

    private static func literal(_ value: SQLValue) -> String {
        switch value {
        case .integer(let number): "\(number)"
        case .text(let text): "'\(text)'"
        default: "NULL"
        }
    }

    @Test("the filter's language works inside a statement, as a column and as an argument") func filter() throws {
        let log = try Log()
        let connection = try log.connection()
        var query = Query()
        query.filter = try FilterExpression(parsing: "tcp flags syn and not src net 10.0.0.0/8")
        var expected = 0
        _ = try StoreReader(directory: log.directory).query(query) { _, _ in
            expected += 1
            return true
        }
        #expect(expected > 0)
        let text = "'tcp flags syn and not src net 10.0.0.0/8'"
        for source in ["headers WHERE filter = \(text)", "headers('\(log.directory)', \(text))"] {
            #expect(try Self.rows(connection, "SELECT count(*) FROM \(source)") == [[.integer(Int64(expected))]])
        }
        let error = #expect(throws: SQLiteError.self) {
            try Self.rows(connection, "SELECT 1 FROM headers WHERE filter = 'tcp prot 7'")
        }
        #expect(error?.message.contains("filter:") == true)
    }

    @Test("rows come in the order of time, both ways, without a sort") func order() throws {
        let log = try Log()
        let connection = try log.connection()
        for (direction, end) in [("ASC", "min"), ("DESC", "max")] {
            let first = try Self.rows(connection, "SELECT time FROM headers ORDER BY time \(direction) LIMIT 1")
            #expect(try first == Self.rows(connection, "SELECT \(end)(time) FROM headers"))
            let plan = try Self.rows(
                connection, "EXPLAIN QUERY PLAN SELECT time FROM headers ORDER BY time \(direction)")
            #expect(!"\(plan)".contains("TEMP B-TREE"))
        }
        let times = try Self.rows(connection, "SELECT time FROM headers ORDER BY time DESC")
        #expect(times == (try Self.rows(connection, "SELECT time FROM headers")).reversed())
    }

    @Test("a damaged segment is told, and the rest answers") func damage() throws {
        let log = try Log()
        let foreign = log.directory + "/headers-0000000000000000001.db"
        try Data("this is no database, and long enough to have a header".utf8)
            .write(to: URL(fileURLWithPath: foreign))
        let connection = try Connection(path: ":memory:", mode: .create)
        let notes = Notes()
        var settings = SQLTables.Settings(directory: log.directory)
        settings.noteDamage = { notes.all.append($0) }
        try SQLTables.add(to: Extensions(of: connection), settings)
        #expect(try Self.rows(connection, "SELECT count(*) FROM headers") == [[.integer(Int64(Self.count))]])
        #expect(notes.all.count == 1 && notes.all[0].contains("headers-0000000000000000001.db"))
    }

    private final class Notes: @unchecked Sendable { var all: [String] = [] }

    @Test("statements can only read: no table, file or setting is changed") func readOnly() throws {
        let log = try Log()
        let connection = try log.connection()
        connection.allowOnlyReading()
        let statements = [
            "CREATE TABLE t(a)", "DELETE FROM headers", "INSERT INTO headers(time) VALUES (1)",
            "PRAGMA user_version = 1",
            "ATTACH '\(log.directory)/x' AS x", "UPDATE headers SET time = 1", "VACUUM INTO '\(log.directory)/y'",
            "CREATE VIRTUAL TABLE h USING headers('/')", "UPDATE sqlite_master SET name = 'x'", "SELECT 1; SELECT 2",
            "",
        ]
        for statement in statements {
            #expect(throws: SQLiteError.self, "\(statement)") { try Self.rows(connection, statement) }
        }
        #expect(try Self.rows(connection, "SELECT count(*) FROM headers") == [[.integer(Int64(Self.count))]])
        #expect(try Self.rows(connection, "WITH x AS (SELECT 1 AS a) SELECT a FROM x") == [[.integer(1)]])
    }

    @Test("a statement ends when it is told to stop") func stopping() throws {
        let log = try Log()
        let connection = try Connection(path: ":memory:", mode: .create)
        var settings = SQLTables.Settings(directory: log.directory)
        settings.shouldStop = { true }
        try SQLTables.add(to: Extensions(of: connection), settings)
        #expect(throws: SQLiteError.self) { try Self.rows(connection, "SELECT count(*) FROM headers") }
    }

    @Test("functions find networks and name numbers") func functions() throws {
        let log = try Log()
        let connection = try log.connection()
        let told = try Self.rows(
            connection,
            """
            SELECT in_net('10.1.2.3', '10.0.0.0/8'), in_net('2001:db8::1', '2001:db8::/32'), in_net('192.0.2.1', '10.0.0.0/8'),
            in_net('x', '10.0.0.0/8'), net('192.0.2.77', 24), protocol_name(17), protocol_name(250), tcp_flags(2)
            """)
        #expect(
            told == [
                [
                    .integer(1), .integer(1), .integer(0), .null, .text("192.0.2.0/24"), .text("udp"), .text("250"),
                    .text("S"),
                ]
            ])
        #expect(throws: SQLiteError.self) { try Self.rows(connection, "SELECT in_net('10.1.2.3', 'ten')") }
    }

    @Test("flows, counters and gaps are tables, too") func intervals() throws {
        let log = try Log()
        let writer = try FlowWriter(directory: log.directory, limits: StoreLimits(), now: Self.start)
        for number in 0..<3 {
            let from = Self.start + Int64(number) * 10_000_000_000
            writer.append(
                FlowInterval(
                    from: from, to: from + 10_000_000_000, names: [2: "eth0"],
                    flows: [Self.flow(port: 443), Self.flow(port: 53)],
                    counters: [.init(interface: 2, direction: .ingress, kind: .seen, frames: 5, bytes: 300)]),
                now: from)
        }
        writer.close(now: Self.start + 40_000_000_000)
        let connection = try log.connection()
        func one(_ sql: String) throws -> [SQLValue] { try Self.rows(connection, sql).first ?? [] }
        #expect(
            try one("SELECT count(*), sum(packets), max(source) FROM flows WHERE destinationPort = 443")
                == [.integer(3), .integer(21), .text("10.0.0.1")])
        #expect(try one("SELECT count(*) FROM flows WHERE filter = 'port 53'") == [.integer(3)])
        #expect(
            try one("SELECT count(*) FROM flows WHERE intervalSince >= \(Self.start + 10_000_000_000)") == [.integer(4)]
        )
        #expect(
            try one("SELECT kind, sum(frames), sum(bytes) FROM counters GROUP BY kind")
                == [.text("seen"), .integer(15), .integer(900)])
        #expect(throws: SQLiteError.self) { try one("SELECT 1 FROM flows WHERE filter = 'ttl < 3'") }
        #expect(throws: SQLiteError.self) { try one("SELECT 1 FROM counters WHERE filter = 'tcp'") }
        #expect(try Self.rows(connection, "SELECT since, until, reason, lost FROM gaps").isEmpty)
    }

    @Test("gaps are those of both families, each with its own") func gapsOfFamilies() throws {
        let log = try Log()
        let second: Int64 = 1_000_000_000
        func interval(_ number: Int64) -> FlowInterval {
            let from = Self.start + number * 10 * second
            return FlowInterval(from: from, to: from + 10 * second, names: [2: "eth0"], flows: [Self.flow(port: 443)])
        }
        for (first, wasClosed) in [(Int64(0), true), (5, false)] {
            let writer = try FlowWriter(
                directory: log.directory, limits: StoreLimits(), wasClosed: wasClosed, now: interval(first).from)
            writer.append(interval(first), now: interval(first).to)
            writer.close(now: interval(first).to)
        }
        let headers = try StoreWriter.open(directory: log.directory, now: Self.start + 100 * second).writer
        headers.recordGap(
            Gap(from: Self.start + 60 * second, to: Self.start + 61 * second, reason: .ringFull, count: 9))
        headers.close(now: Self.start + 100 * second)
        let connection = try log.connection()
        #expect(
            try Self.rows(
                connection,
                "SELECT family, since, until, reason, lost FROM gaps WHERE reason <> 'notRunning' ORDER BY family")
                == [
                    [
                        .text("flows"), .integer(Self.start + 10 * second), .integer(Self.start + 50 * second),
                        .text("crashed"), .null,
                    ],
                    [
                        .text("headers"), .integer(Self.start + 60 * second), .integer(Self.start + 61 * second),
                        .text("ringFull"), .integer(9),
                    ],
                ])
        #expect(try Self.rows(connection, "SELECT DISTINCT family FROM gaps WHERE family = 'flows'").count == 1)
    }

    private static func flow(port: UInt16) -> FlowRecord {
        var key = hdrlog_flow_key()
        withUnsafeMutableBytes(of: &key) { bytes in
            bytes[0] = 10
            bytes[3] = 1
        }
        key.network = UInt8(HDRLOG_NETWORK_IPV4.rawValue)
        (key.ifindex, key.source_port, key.destination_port, key.protocol) = (2, 4000, port, 6)
        key.vlan = UInt16(HDRLOG_NO_TAG)
        var value = hdrlog_flow_value()
        (value.frames, value.wire_packets, value.bytes) = (7, 7, 700)
        return FlowRecord(key: key, value: value, clockOffset: 0)
    }
}
