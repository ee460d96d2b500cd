internal import Filter
internal import TOMLKit

/// The `[[rule]]` tables of a configuration file: each becomes a `Rule`, in the order in which they stand.
///
/// The rules of drop-ins follow those of the main file; the first that matches decides.
struct RuleSettings {
    static let section = "rule"

    private enum Action: String, CaseIterable { case ignore, count, sample }

    private let tables: ArrayOfTables

    init(file: String, outline: TOMLOutline) {
        tables = ArrayOfTables(
            name: Self.section, keys: ["match", "action", "rate"], file: file, outline: outline)
    }

    /// - Throws: `ConfigurationError` with the line, and for an expression the column of what the kernel cannot evaluate.
    func rules(_ value: any TOMLValueConvertible) throws(ConfigurationError) -> [Rule] {
        try tables.map(value) { table, place throws(ConfigurationError) in
            guard let match = table["match"]?.string else {
                throw tables.fault(place, "match", "expected an expression such as \"udp port 53\"")
            }
            let rule = Rule(match: try expression(match, place), action: try action(table, place))
            do throws(RuleError) {
                _ = try RuleProgram([rule], for: .xdp)
            } catch {
                throw tables.fault(place, "match", "\(error.reason)")
            }
            return rule
        }
    }

    private func expression(_ text: String, _ place: String) throws(ConfigurationError) -> FilterExpression {
        do {
            return try FilterExpression(parsing: text)
        } catch {
            throw tables.fault(place, "match", "\(error)")
        }
    }

    private func action(_ table: TOMLTable, _ place: String) throws(ConfigurationError) -> Rule.Action {
        guard let action = try tables.choice(table, place, "action", Action.self) else {
            throw tables.fault(place, "action", "expected \"ignore\", \"count\", \"sample\"")
        }
        if action != .sample, table["rate"] != nil {
            throw tables.fault(place, "rate", "only action = \"sample\" has a rate")
        }
        switch action {
        case .ignore: return .ignore
        case .count: return .count
        case .sample: return .sample(rate: try rate(table, place))
        }
    }

    private func rate(_ table: TOMLTable, _ place: String) throws(ConfigurationError) -> UInt32 {
        guard let value = table["rate"] else { return 1 }
        guard let rate = value.int, (1...1_000_000).contains(rate) else {
            throw tables.fault(place, "rate", "expected an integer from 1 to 1000000")
        }
        return UInt32(rate)
    }
}
