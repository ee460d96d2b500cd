internal import ArgumentParser
internal import Records
internal import SQLTables
internal import SQLite
internal import Store
internal import Wire

struct SQLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Answer a SELECT over the log.",
        discussion: """
            Tables: headers (a row a record, a column a field), flows and counters (a row an interval and flow or count),
            gaps. Reads the segments themselves; the daemon is not needed. A comparison of time, protocol, ports, addresses
            or any number skips what cannot match; so does "filter", which takes an expression of hdrlog-filter(7):

              SELECT ... FROM headers WHERE filter = 'tcp port 443 and not src net 10.0.0.0/8'

            Functions beside SQLite's: in_net(address, network), net(address, length), protocol_name(number),
            tcp_flags(number). Times are nanoseconds since 1970, UTC. For sums over many records "hdrctl top" and
            "hdrctl series" are many times as fast.

            EXAMPLES
              hdrctl sql 'SELECT source, sum(frameLength) AS bytes FROM headers GROUP BY source ORDER BY bytes DESC LIMIT 10'
              hdrctl sql "SELECT * FROM headers WHERE destination = '192.0.2.7' ORDER BY time DESC LIMIT 20" -o json
              hdrctl sql 'SELECT * FROM gaps' -D /mnt/copy/hdrlog
            """)

    @Argument(help: "One statement that reads.")
    var statement: String

    @Option(
        name: [.customShort("D"), .long],
        help: ArgumentHelp("Directory of segments.", valueName: "directory"))
    var directory = SQLTables.defaultDirectory

    @Option(name: .shortAndLong, help: "table, json (an object a line) or csv.")
    var output = OutputFormat.table

    @Option(help: ArgumentHelp("Give up after this time: 30s, 5min.", valueName: "time"))
    var timeout = "5min"

    @Flag(name: .shortAndLong, help: "Say nothing of what the log covers.")
    var quiet = false

    func run() throws {
        let deadline = Now.nanoseconds + (try TimeArgument.span(timeout, "--timeout"))
        let isLate: @Sendable () -> Bool = { Now.nanoseconds > deadline }
        let damage = DamageNotes()
        var settings = SQLTables.Settings(directory: directory)
        settings.shouldStop = isLate
        settings.noteDamage = { damage.add($0) }
        do {
            let connection = try Connection(path: ":memory:", mode: .create)
            try SQLTables.add(to: Extensions(of: connection), settings)
            connection.limitMemory(Self.mostMemory)
            connection.allowOnlyReading()
            connection.interrupt(when: isLate)
            try print(try connection.prepareSingle(statement))
        } catch let error as SQLiteError {
            if isLate() { throw Failure(.badNews, "the answer took longer than --timeout \(timeout)") }
            throw Failure(error.kind == .other ? .usage : .inputOutput, Escaped.text(error.message))
        }
        for problem in damage.all { StandardError.line("hdrctl: not read: \(Escaped.text(problem))") }
        if !quiet { noteCoverage() }
    }

    /// A statement may ask for anything: what is told is what the log as a whole covers.
    private func noteCoverage() {
        var everything = Query()
        everything.limit = 0
        guard let result = try? StoreReader(directory: directory).query(everything, { _, _ in false }) else { return }
        let note = Note(completeness: StoredRecords.completeness(result), time: TimeText(utc: false))
        for line in note.coverage { StandardError.line("hdrctl: \(line)") }
    }

    private static let mostMemory: Int64 = 512 << 20

    private func print(_ statement: consuming Statement) throws {
        var writer = RowWriter(columns: statement.columnNames, format: output)
        while try statement.step() {
            try writer.write((0..<Int32(writer.columns.count)).map { statement.value($0) })
        }
        try writer.finish()
    }
}

/// What could not be read, each thing once.
private final class DamageNotes: @unchecked Sendable {
    private(set) var all: [String] = []

    func add(_ problem: String) {
        if !all.contains(problem) { all.append(problem) }
    }
}
