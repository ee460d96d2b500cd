internal import Records

/// Records as RFC 4180 CSV, with a heading; lines end with a line feed.
struct CSVWriter {
    private let fields: [Field]

    init(_ fields: [Field]) { self.fields = fields }

    var heading: String { fields.map(\.name).joined(separator: ",") }

    func write(_ record: RecordView, into line: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            guard let json = record.json(field), let first = json.first else { continue }
            switch first {
            // A list's commas would be columns.
            case UInt8(ascii: "["): Self.write(json.dropFirst().dropLast().map { $0 == 0x2C ? 0x20 : $0 }, into: &line)
            case UInt8(ascii: "\""): Self.write(Array((record.text(field) ?? "").utf8), into: &line)
            default: line.append(contentsOf: json)
            }
        }
    }

    /// A spreadsheet takes a cell that begins with one of these for a formula, and runs it: a quote in front makes
    /// it text. Numbers do not come this way.
    private static let formula = Set("=+-@\t\r".utf8)

    static func write(_ text: [UInt8], into line: inout [UInt8]) {
        let isFormula = text.first.map { formula.contains($0) } ?? false
        let needsQuotes = isFormula || text.contains { $0 == 0x22 || $0 == 0x2C || $0 < 0x20 }
        guard needsQuotes else { return line.append(contentsOf: text) }
        line.append(0x22)
        if isFormula { line.append(UInt8(ascii: "'")) }
        for byte in text {
            if byte == 0x22 { line.append(0x22) }
            line.append(byte)
        }
        line.append(0x22)
    }
}
