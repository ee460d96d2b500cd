import Records
import SQLite

/// What a program without a format of its own does: a row a header, by a prepared statement, 50,000 a transaction.
enum RowTable {
    private static let fields = Columns.numbers

    static func insert(_ chunks: [RecordChunk], into path: String) throws {
        let connection = try Connection(path: path, mode: .create)
        let columns = fields.map(\.name).joined(separator: ", ")
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        try connection.execute("CREATE TABLE header (\(columns), source BLOB, destination BLOB)")
        let marks = [String](repeating: "?", count: fields.count + 2).joined(separator: ",")
        var statement = try connection.prepare("INSERT INTO header VALUES (\(marks))", persistent: true)
        var waiting = 0
        try connection.execute("BEGIN")
        for chunk in chunks {
            var problem: (any Error)?
            chunk.forEach({ record in
                do { try bind(record, to: &statement) } catch { problem = error }
                waiting += 1
            })
            if let problem { throw problem }
            if waiting >= 50_000 {
                try connection.execute("COMMIT; BEGIN")
                waiting = 0
            }
        }
        try connection.execute("COMMIT")
    }

    private static func bind(_ record: HeaderRecord, to statement: inout Statement) throws {
        let layout = record.layout
        for (index, field) in fields.enumerated() {
            switch record.value(of: field, layout) {
            case .time(let time)?: try statement.bind(Int32(index + 1), time)
            case .integer(let number)?: try statement.bind(Int32(index + 1), Int64(number))
            case .boolean(let flag)?: try statement.bind(Int32(index + 1), flag ? 1 : 0)
            case .direction(let direction)?: try statement.bind(Int32(index + 1), Int64(direction.rawValue))
            case .mac(let address)?: try statement.bind(Int32(index + 1), Int64(address.value))
            default: try statement.bindNull(Int32(index + 1))
            }
        }
        var addresses = [record.source(layout), record.destination(layout)].map { address in
            (address?.high.bigEndian ?? 0, address?.low.bigEndian ?? 0)
        }
        try addresses.withUnsafeMutableBytes { bytes in
            for side in 0..<2 {
                let one = UnsafeRawBufferPointer(rebasing: bytes[side * 16..<side * 16 + 16])
                try statement.bind(Int32(fields.count + 1 + side), unowned: one)
            }
            try statement.run()
        }
    }
}
