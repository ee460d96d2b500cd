/// Why an expression cannot be used: where, what stands there, what was expected, and what may have been meant.
public struct FilterError: Error, Equatable, Sendable {
    /// 1-based column of the first character that is wrong, counted in characters.
    public var column: Int
    /// The word there; empty at the end of the expression.
    public var found: String
    /// What could stand there instead.
    public var expected: String
    /// A remedy, such as the nearest known word; empty when there is none.
    public var hint: String

    public init(column: Int, found: String, expected: String, hint: String = "") {
        self.column = column
        self.found = found
        self.expected = expected
        self.hint = hint
    }
}

extension FilterError: CustomStringConvertible {
    /// One line: `column 5: found "prot", expected a filter word (did you mean "proto"?)`.
    public var description: String {
        let what = found.isEmpty ? "the expression ends" : "found \"\(found)\""
        return "column \(column): \(what), expected \(expected)" + (hint.isEmpty ? "" : " (\(hint))")
    }

    /// The expression with a mark under the column, for terminals; two lines.
    public func marked(in expression: String) -> String {
        "\(expression)\n\(String(repeating: " ", count: max(0, column - 1)))^"
    }
}
