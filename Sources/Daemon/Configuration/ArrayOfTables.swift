internal import TOMLKit

/// The tables `[[name]]` of a configuration file, and what may stand in each.
struct ArrayOfTables {
    let name: String
    let keys: [String]
    let file: String
    let outline: TOMLOutline

    /// Calls `body` with each table and its name, `rule[0]` and so on.
    /// - Throws: `ConfigurationError` for another shape and for unknown keys.
    func map<Element>(
        _ value: any TOMLValueConvertible, _ body: (TOMLTable, String) throws(ConfigurationError) -> Element
    ) throws(ConfigurationError) -> [Element] {
        guard let tables = value.array else {
            throw fault(name, nil, "written as [[\(name)]], with two brackets on each side")
        }
        var elements: [Element] = []
        for (index, element) in tables.enumerated() {
            let place = "\(name)[\(index)]"
            guard let table = element.table else { throw fault(place, nil, "expected a table, [[\(name)]]") }
            for key in table.keys where !keys.contains(key) {
                let hint = nearest(to: key, among: keys).map { "; did you mean \($0)?" } ?? ""
                throw fault(place, key, "unknown key\(hint)")
            }
            elements.append(try body(table, place))
        }
        return elements
    }

    /// What is wrong with a key of a table, or with the table.
    func fault(_ table: String, _ key: String?, _ problem: String) -> ConfigurationError {
        let name = key.map { "\(table).\($0)" } ?? table
        return ConfigurationError(
            file: file, line: outline.line(of: name) ?? outline.line(of: table), key: name, problem: problem)
    }

    /// One of an enumeration's words; nil where the key is not set.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ table: TOMLTable, _ place: String, _ key: String, _: Choice.Type
    ) throws(ConfigurationError) -> Choice? {
        guard let value = table[key] else { return nil }
        guard let choice = value.string.flatMap({ Choice(rawValue: $0) }) else {
            let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw fault(place, key, "expected \(words), found \(ConfigurationValue(value))")
        }
        return choice
    }
}
