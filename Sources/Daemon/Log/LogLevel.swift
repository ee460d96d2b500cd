internal import Logging

/// The gravest that is left out is one below this; syslog(3)'s names as swift-log has them.
public enum LogLevel: String, CaseIterable, Sendable {
    case debug, info, notice, warning, error

    var level: Logger.Level { Logger.Level(rawValue: rawValue)! }  // every case above is a level of swift-log
}
