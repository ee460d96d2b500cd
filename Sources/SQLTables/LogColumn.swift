internal import SQLite

/// A column of one of the tables.
struct LogColumn {
    enum Kind {
        case integer
        /// Compared byte by byte.
        case text
        case blob
    }

    /// What the table itself can do about a comparison with this column.
    enum Pushing {
        case none
        /// It narrows the range of time: `time`, or the ends of an interval.
        case time
        /// A comparison of numbers in the filter's language.
        case number(field: String, maximum: UInt64)
        /// An equality in the filter's language, if the value is a word that `isValue` knows.
        case word(field: String, isValue: @Sendable (String) -> Bool)
    }

    var name: String
    var kind: Kind
    var pushing = Pushing.none

    var declaration: String {
        let type =
            switch kind {
            case .integer: "INTEGER"
            case .text: "TEXT"
            case .blob: "BLOB"
            }
        return "\"\(name)\" \(type)"
    }

    /// Whether a cursor wants the value of such a constraint.
    func takes(_ relation: TableQuestion.Constraint.Relation, isBinary: Bool) -> Bool {
        switch pushing {
        case .none: false
        case .time, .number: true
        case .word: relation == .equal && isBinary
        }
    }

    /// The comparison in the filter's language; nil when that cannot say it, and SQLite alone has to look.
    func expression(_ relation: TableQuestion.Constraint.Relation, _ value: SQLValue) -> String? {
        switch (pushing, value) {
        case (.number(let field, let maximum), .integer(let number)):
            guard number >= 0, UInt64(number) <= maximum else { return nil }
            return "\(field) \(relation.sign) \(number)"
        case (.word(let field, let isValue), .text(let word)): return isValue(word) ? "\(field) = \(word)" : nil
        default: return nil
        }
    }
}

extension TableQuestion.Constraint.Relation {
    var sign: String {
        switch self {
        case .equal: "="
        case .greater: ">"
        case .lessOrEqual: "<="
        case .less: "<"
        case .greaterOrEqual: ">="
        }
    }
}
