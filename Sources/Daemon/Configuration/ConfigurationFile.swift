internal import TOMLKit

/// The configuration in force and where each value came from: defaults, then the file, then its drop-ins.
public struct LoadedConfiguration: Equatable, Sendable {
    public internal(set) var configuration = Configuration()
    /// `section.key` → `FILE:LINE` for everything that a file set.
    public internal(set) var origins: [String: String] = [:]

    public init() {}

    /// Takes one file's settings over; nothing is taken when any of it is wrong.
    /// - Parameters:
    ///   - text: the file's content, TOML 1.0.
    ///   - file: its path, for messages and origins.
    public mutating func merge(_ text: String, file: String) throws(ConfigurationError) {
        var merged = self
        let outline = TOMLOutline(text)
        for (section, value) in try parse(text, file: file) {
            switch section {
            case RuleSettings.section:
                merged.configuration.rules += try RuleSettings(file: file, outline: outline).rules(value)
                continue
            case InterfaceSettings.section:
                let settings = try InterfaceSettings(file: file, outline: outline).settings(value)
                merged.configuration.capture.perInterface += settings
                continue
            default: break
            }
            guard Setting.sections.contains(section), let table = value.table else {
                throw unknown(
                    section, among: Setting.sections + [RuleSettings.section, InterfaceSettings.section],
                    line: outline.line(of: section),
                    file: file)
            }
            for (key, value) in table {
                try merged.set(section, key, value, line: outline.line(of: "\(section).\(key)"), file: file)
            }
        }
        self = merged
    }

    private mutating func set(
        _ section: String, _ key: String, _ value: any TOMLValueConvertible, line: Int?, file: String
    ) throws(ConfigurationError) {
        let name = "\(section).\(key)"
        guard let setting = Setting.all.first(where: { $0.name == name }) else {
            throw unknown(name, among: Setting.all.map(\.name), line: line, file: file)
        }
        let value = ConfigurationValue(value)
        guard setting.assign(&configuration, value) else {
            throw ConfigurationError(
                file: file, line: line, key: name, problem: "expected \(setting.expected), found \(value)")
        }
        origins[name] = line.map { "\(file):\($0)" } ?? file
    }

    private func parse(_ text: String, file: String) throws(ConfigurationError) -> TOMLTable {
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(file: file, line: error.source.begin.line, key: nil, problem: error.description)
        } catch {
            throw ConfigurationError(file: file, line: nil, key: nil, problem: "\(error)")
        }
    }

    private func unknown(
        _ name: String, among known: [String], line: Int?, file: String
    ) -> ConfigurationError {
        let hint = nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
        return ConfigurationError(file: file, line: line, key: name, problem: "unknown key\(hint)")
    }
}

extension Setting {
    /// Section names in the order of the list.
    static var sections: [String] {
        all.map(\.section).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
}

extension ConfigurationValue: CustomStringConvertible {
    init(_ value: any TOMLValueConvertible) {
        if let text = value.string {
            self = .string(text)
        } else if let flag = value.bool {
            self = .boolean(flag)
        } else if let number = value.int {
            self = .integer(number)
        } else if let array = value.array {
            let texts = array.compactMap(\.string)
            self = texts.count == array.count ? .strings(texts) : .other("an array with other elements than strings")
        } else {
            self = .other("a \(value.type)")
        }
    }

    var description: String {
        switch self {
        case .string(let text): "the string \"\(text)\""
        case .integer(let number): "the integer \(number)"
        case .boolean(let flag): "\(flag)"
        case .strings(let texts): "an array of \(texts.count) strings"
        case .other(let kind): kind
        }
    }
}

/// Which line each table and key of a TOML text stands in: the TOML library does not say it for values.
///
/// Knows headers, `[[name]]` as `name[0]` and so on, and `key =` lines, which is how settings are written; a key inside an inline table has no line.
struct TOMLOutline {
    private var lines: [String: Int] = [:]

    init(_ text: String) {
        var section = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            if trimmed.first == "[" {
                section = String(trimmed.drop { $0 == "[" }.prefix { $0 != "]" })
                if trimmed.hasPrefix("[[") { section = element(of: section) }
                lines[section, default: index + 1] = min(lines[section] ?? index + 1, index + 1)
            } else if let equals = trimmed.firstIndex(of: "="), trimmed.first != "#" {
                let key = trimmed[..<equals].filter { $0 != " " && $0 != "\t" && $0 != "\"" }
                let name = section.isEmpty ? key : "\(section).\(key)"
                lines[name, default: index + 1] = min(lines[name] ?? index + 1, index + 1)
            }
        }
    }

    func line(of name: String) -> Int? { lines[name] }

    /// The name of the next table of an array of tables: `rule[0]`, `rule[1]` …
    private func element(of array: String) -> String {
        let index = (0...).first { lines["\(array)[\($0)]"] == nil }!
        return "\(array)[\(index)]"
    }
}

/// The known name with the least edit distance, if it is near enough to be a slip of the pen.
func nearest(to name: String, among known: [String]) -> String? {
    let scored = known.map { ($0, editDistance(Array(name.utf8), Array($0.utf8))) }
    guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, name.utf8.count / 3) else { return nil }
    return best.0
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            (diagonal, row[j + 1]) = (row[j + 1], min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1)))
        }
    }
    return row[b.count]
}
