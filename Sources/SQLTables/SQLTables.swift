public import SQLite
internal import Store

/// The log as tables of SQLite: `headers`, `flows`, `counters` and `gaps`, and functions that go with them.
///
/// Each table has the hidden columns `directory` and `filter`, which are also its arguments:
/// `headers('/srv/copy', 'tcp port 443')`.
public enum SQLTables {
    public struct Settings: Sendable {
        /// Where segments are looked for when a statement does not say.
        public var directory: String
        /// Asked now and then whether to stop.
        public var shouldStop: @Sendable () -> Bool = { false }
        /// Gets what could not be read; the other rows are told.
        public var noteDamage: @Sendable (String) -> Void = { _ in }

        public init(directory: String) { self.directory = directory }
    }

    /// Where the daemon has its log.
    public static let defaultDirectory = "/var/lib/hdrlog"

    public static func add(to extensions: Extensions, _ settings: Settings) throws(SQLiteError) {
        try add(extensions, settings, "headers", HeaderColumns.columns) { HeaderRows($0) }
        try add(extensions, settings, "flows", FlowColumn.columns) { FlowRows($0) }
        try add(extensions, settings, "counters", CounterColumn.columns) { CounterRows($0) }
        try add(extensions, settings, "gaps", GapColumn.columns) { GapRows($0) }
        try SQLFunctions.add(to: extensions)
    }

    private static func add(
        _ extensions: Extensions, _ settings: Settings, _ name: String, _ columns: [LogColumn],
        _ rows: @escaping (Settings) -> any LogRows
    ) throws(SQLiteError) {
        try extensions.add(table: name) { arguments in
            var settings = settings
            if let directory = arguments.first { settings.directory = unquoted(directory) }
            return LogTable(name: name, columns: columns, settings) { rows(settings) }
        }
    }

    /// An argument of CREATE VIRTUAL TABLE comes as it was written.
    private static func unquoted(_ text: String) -> String {
        guard let quote = text.first, quote == "'" || quote == "\"", text.count > 1, text.last == quote else {
            return text
        }
        return String(text.dropFirst().dropLast()).split(
            separator: "\(quote)\(quote)", omittingEmptySubsequences: false
        ).joined(separator: String(quote))
    }
}
