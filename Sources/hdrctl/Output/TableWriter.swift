internal import Records

/// Records as lines to read, in the manner of tcpdump, in columns that grow when they have to.
struct TableWriter {
    private let time: TimeText
    private let fields: [Field]?
    private let style: Style
    private var widths: [Int]

    /// - Parameter fields: columns; nil for the usual ones, with the rest told in words.
    init(fields: [Field]?, utc: Bool, style: Style) {
        time = TimeText(utc: utc)
        self.fields = fields
        self.style = style
        widths = Self.headings(fields).map(\.count)
        if fields == nil { widths = [26, 8, 3, 5, 21, 21, 6, 0] }
    }

    private static func headings(_ fields: [Field]?) -> [String] {
        fields?.map(\.name) ?? ["TIME", "IFACE", "DIR", "PROTO", "SOURCE", "DESTINATION", "LENGTH", "INFO"]
    }

    mutating func heading() -> String { style.bold(line(Self.headings(fields))) }

    mutating func line(_ record: RecordView) -> String {
        if let fields { return line(fields.map { cell($0, record) }) }
        let summary = Summary(record)
        let cells = [
            cell(.time, record), cell(.interface, record), cell(.direction, record), summary.protocolName,
            summary.source, summary.destination, cell(.frameLength, record),
        ]
        return line(cells + [""]) + summary.information
    }

    private func cell(_ field: Field, _ record: RecordView) -> String {
        if field == .time { return record.number(.time).map(time.microseconds) ?? "" }
        return Escaped.text(record.text(field) ?? "-")
    }

    private mutating func line(_ cells: [String]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            widths[index] = max(widths[index], cell.count)
            line += cell
            if index < cells.count - 1 { line += String(repeating: " ", count: widths[index] - cell.count + 2) }
        }
        return line
    }
}

/// Colours and the like, on a terminal only.
struct Style {
    var isOn: Bool

    func bold(_ text: String) -> String { wrapped(text, "1") }
    func good(_ text: String) -> String { wrapped(text, "32") }
    func bad(_ text: String) -> String { wrapped(text, "1;31") }
    func dim(_ text: String) -> String { wrapped(text, "2") }

    private func wrapped(_ text: String, _ code: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
