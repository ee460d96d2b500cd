internal import CSystemd
internal import Glibc
internal import Logging

/// Sends each event to the journal with its metadata as fields, or as one line to stderr where stderr is not the journal.
struct JournalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let toJournal = Self.stderrIsJournal

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        if toJournal {
            send(event, fields)
        } else {
            printLine(event, fields)
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private func send(_ event: LogEvent, _ fields: Logger.Metadata) {
        var texts = ["MESSAGE=\(event.message)", "PRIORITY=\(event.level.priority)", "SYSLOG_IDENTIFIER=hdrlogd"]
        for (key, value) in fields {
            // MESSAGE_ID is the journal's own field; ours stand under the daemon's prefix.
            let name = key == "message_id" ? "MESSAGE_ID" : "HDRLOG_\(key.uppercased())"
            texts.append("\(name)=\(value)")
        }
        // One buffer for all fields keeps every vector's address valid during the call.
        var bytes: [UInt8] = []
        let ends = texts.map { text in
            bytes += text.utf8
            return bytes.count
        }
        bytes.withUnsafeMutableBytes { all in
            var start = 0
            let vectors = ends.map { end in
                defer { start = end }
                return iovec(iov_base: all.baseAddress! + start, iov_len: end - start)
            }
            _ = sd_journal_sendv(vectors, Int32(vectors.count))
        }
    }

    private func printLine(_ event: LogEvent, _ fields: Logger.Metadata) {
        var line =
            "hdrlogd: \(event.level == .info || event.level == .notice ? "" : "\(event.level): ")\(event.message)"
        let shown = fields.filter { $0.key != "message_id" }.sorted { $0.key < $1.key }
        if !shown.isEmpty {
            line += " [" + shown.map { "\($0.key)=\($0.value)" }.joined(separator: " ") + "]"
        }
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// systemd names the journal's socket by device and inode in $JOURNAL_STREAM (systemd.exec(5)).
    private static let stderrIsJournal: Bool = {
        var info = stat()
        guard let stream = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &info) == 0 else { return false }
        return String(cString: stream) == "\(info.st_dev):\(info.st_ino)"
    }()
}

extension Logger.Level {
    /// syslog(3)'s number for the level.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
