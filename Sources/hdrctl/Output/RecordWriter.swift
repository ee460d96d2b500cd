internal import Glibc
internal import Records
internal import Wire

/// Writes records in the format that was asked for.
final class RecordWriter {
    private let format: OutputFormat
    private let output: StandardOutput
    private let csv: CSVWriter
    private var table: TableWriter
    private var view = RecordView()
    private var hasHeading = false

    init(_ format: OutputFormat, fields: [Field]?, utc: Bool, prompt: Bool) {
        self.format = format
        output = StandardOutput(prompt: prompt || StandardOutput.isTerminal)
        csv = CSVWriter(fields ?? Field.allCases)
        table = TableWriter(fields: fields, utc: utc, style: Style(isOn: StandardOutput.isTerminal))
    }

    func write(_ records: JSONLines) throws(Failure) {
        if format == .json { return try output.lines(records.bytes) }
        try heading()
        for record in records { try write(record) }
    }

    private func write(_ record: UnsafeRawBufferPointer) throws(Failure) {
        try view.read(record)
        if format == .csv {
            try output.line { csv.write(view, into: &$0) }
        } else {
            try output.line(table.line(view))
        }
    }

    private func heading() throws(Failure) {
        guard !hasHeading else { return }
        hasHeading = true
        try output.line(format == .csv ? csv.heading : table.heading())
    }

    /// Writes out what is left; a CSV file has its heading even without a record.
    func finish() throws(Failure) {
        if format == .csv { try heading() }
        try output.flush()
    }
}

/// The wall clock.
enum Now {
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
