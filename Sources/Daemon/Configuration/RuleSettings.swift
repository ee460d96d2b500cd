internal import Filter
internal import TOMLKit

/// The `[[rule]]` tables of a configuration file: each becomes a `Rule`, in the order in which they stand.
///
/// The rules of drop-ins follow those of the main file; the first that matches decides.
struct RuleSettings {
    let file: String
    let outline: TOMLOutline

    static let section = "rule"
    private static let keys = ["match", "action", "rate"]
    private static let actions = ["ignore", "count", "sample"]

    /// - Throws: `ConfigurationError` with the line, and for an expression the column of what the kernel cannot evaluate.
    func rules(_ value: any TOMLValueConvertible) throws(ConfigurationError) -> [Rule] {
        guard let tables = value.array else {
            throw fault("rule", "", "rules are written as [[rule]], with two brackets on each side")
        }
        var rules: [Rule] = []
        for (index, element) in tables.enumerated() {
            guard let table = element.table else { throw fault("rule", "", "expected a table, [[rule]]") }
            rules.append(try rule(table, "rule[\(index)]"))
        }
        return rules
    }

    private func rule(_ table: TOMLTable, _ name: String) throws(ConfigurationError) -> Rule {
        for key in table.keys where !Self.keys.contains(key) {
            let hint = nearest(to: key, among: Self.keys).map { "; did you mean \($0)?" } ?? ""
            throw fault(name, key, "unknown key\(hint)")
        }
        guard let match = table["match"]?.string else {
            throw fault(name, "match", "expected an expression such as \"udp port 53\"")
        }
        let rule = Rule(match: try expression(match, name), action: try action(table, name))
        do {
            _ = try RuleProgram([rule], for: .xdp)
        } catch {
            throw fault(name, "match", "\(error.reason)")
        }
        return rule
    }

    private func expression(_ text: String, _ name: String) throws(ConfigurationError) -> FilterExpression {
        do {
            return try FilterExpression(parsing: text)
        } catch {
            throw fault(name, "match", "\(error)")
        }
    }

    private func action(_ table: TOMLTable, _ name: String) throws(ConfigurationError) -> Rule.Action {
        let word = table["action"]?.string ?? ""
        guard Self.actions.contains(word) else {
            throw fault(name, "action", "expected \(Self.actions.map { "\"\($0)\"" }.joined(separator: ", "))")
        }
        guard word == "sample" else {
            guard table["rate"] == nil else { throw fault(name, "rate", "only action = \"sample\" has a rate") }
            return word == "ignore" ? .ignore : .count
        }
        guard let value = table["rate"] else { return .sample(rate: 1) }
        guard let rate = value.int, (1...1_000_000).contains(rate) else {
            throw fault(name, "rate", "expected an integer from 1 to 1000000")
        }
        return .sample(rate: UInt32(rate))
    }

    private func fault(_ table: String, _ key: String, _ problem: String) -> ConfigurationError {
        let name = key.isEmpty ? table : "\(table).\(key)"
        return ConfigurationError(
            file: file, line: outline.line(of: name) ?? outline.line(of: table), key: name, problem: problem)
    }
}
