internal import SQLite
internal import Wire

/// Rows of a statement as a table, as JSON lines or as CSV.
struct RowWriter {
    let columns: [String]
    private let format: OutputFormat
    private let out = StandardOutput(prompt: false)
    /// The first rows of a table wait here: they tell how wide its columns are.
    private var waiting: [[String]] = []
    private var numbers: Set<Int> = []
    private var widths: [Int] = []
    private var hasBegun = false

    private static let mostWaiting = 1000

    init(columns: [String], format: OutputFormat) {
        self.columns = columns
        self.format = format
    }

    mutating func write(_ values: [SQLValue]) throws(Failure) {
        switch format {
        case .json:
            var object = JSONObject()
            for (column, value) in zip(columns, values) where value != .null { object[column] = Self.json(value) }
            try out.line(JSONValue.object(object).text)
        case .csv:
            if !hasBegun { try begin() }
            try out.line(values.map { Self.csv(Self.text($0, null: "")) }.joined(separator: ","))
        case .table:
            for (index, value) in values.enumerated() {
                switch value {
                case .integer, .real: numbers.insert(index)
                default: break
                }
            }
            let cells = values.map { Escaped.text(Self.text($0, null: "-")) }
            if hasBegun { return try out.line(line(cells)) }
            waiting.append(cells)
            if waiting.count == Self.mostWaiting { try begin() }
        }
    }

    mutating func finish() throws(Failure) {
        if !hasBegun, format != .json { try begin() }
        try out.flush()
    }

    private mutating func begin() throws(Failure) {
        hasBegun = true
        if format == .csv { return try out.line(columns.map { Self.csv($0) }.joined(separator: ",")) }
        let rows = [columns.map { Escaped.text($0) }] + waiting
        widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows { try out.line(line(row)) }
        waiting = []
    }

    private func line(_ cells: [String]) -> String {
        AlignedTable.line(cells, widths: widths, numbers: numbers)
    }

    private static func text(_ value: SQLValue, null: String) -> String {
        switch value {
        case .null: null
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .blob(let bytes): hexadecimal(bytes)
        }
    }

    private static func json(_ value: SQLValue) -> JSONValue {
        switch value {
        case .null: .null
        case .integer(let number): .integer(number)
        case .real(let number): .number(number)
        case .text(let text): .string(text)
        case .blob(let bytes): .string(hexadecimal(bytes))
        }
    }

    private static func csv(_ text: String) -> String {
        var cell: [UInt8] = []
        CSVWriter.write(Array(text.utf8), into: &cell)
        return String(decoding: cell, as: UTF8.self)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
