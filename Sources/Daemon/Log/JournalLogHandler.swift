internal import CLinux
internal import CSystemd
internal import Glibc
internal import Logging

/// Sends each event to the journal with its metadata as fields, or as one line to stderr where stderr is not the journal.
///
/// Events that repeat are summed up; `tellSums` has to be called now and then.
struct JournalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private static let throttle = Monitor(LogThrottle())

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        let text = event.message.description
        if let id = fields["MESSAGE_ID"] {
            let key = "\(event.level.rawValue) \(id) \(fields["INTERFACE"] ?? "")"
            guard Self.throttle.withLock({ $0.admits(key, text: text, now: Clock.boot) }) else { return }
        }
        Self.write(event.level, text, fields)
    }

    /// Says of what has been held back how often it happened.
    static func tellSums(now: Int64) {
        for sum in throttle.withLock({ $0.takeSums(now: now) }) {
            let parts = sum.key.split(separator: " ", maxSplits: 2).map { String($0) }
            var fields: Logger.Metadata = ["MESSAGE_ID": .string(parts[1]), "COUNT": "\(sum.count)"]
            if parts.count > 2 { fields["INTERFACE"] = .string(parts[2]) }
            write(Logger.Level(rawValue: parts[0]) ?? .notice, "\(sum.count) more, the last: \(sum.text)", fields)
        }
    }

    private static func write(_ level: Logger.Level, _ text: String, _ fields: Logger.Metadata) {
        if stderrIsJournal { send(level, text, fields) } else { printLine(level, text) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private static func send(_ level: Logger.Level, _ text: String, _ fields: Logger.Metadata) {
        var texts = ["MESSAGE=\(text)", "PRIORITY=\(level.priority)", "SYSLOG_IDENTIFIER=hdrlogd"]
        for (key, value) in fields { texts.append("\(key)=\(value)") }
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

    private static func printLine(_ level: Logger.Level, _ text: String) {
        let bytes = Array("hdrlogd: \(level == .info || level == .notice ? "" : "\(level): ")\(text)\n".utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
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
