internal import Filter
internal import Records
internal import Wire

/// What clients ask with, checked; a wrong one is answered with its name.
enum Parameters {
    static func filter(_ text: String?) throws(ServiceError) -> FilterExpression {
        guard let text, !text.isEmpty else { return .all }
        do {
            return try FilterExpression(parsing: text)
        } catch {
            throw .invalidFilter(position: error.column, found: error.found, expected: error.expected, hint: error.hint)
        }
    }

    /// UTC nanoseconds, inclusive and exclusive; without one the range has no end there.
    static func range(_ since: Int64?, _ until: Int64?) throws(ServiceError) -> Range<Int64> {
        let (since, until) = (since ?? .min, until ?? .max)
        guard since <= until else { throw .invalidTime(problem: "since is later than until") }
        return since..<until
    }

    static func limit(_ limit: Int?) throws(ServiceError) -> Int? {
        guard limit ?? 0 >= 0 else { throw .invalidParameter("limit") }
        return limit
    }

    static func fields(_ names: [String]?) throws(ServiceError) -> [Field]? {
        guard let names else { return nil }
        var fields: [Field] = []
        for name in names {
            guard let field = Field(named: name) else { throw .invalidParameter("fields") }
            fields.append(field)
        }
        return fields
    }
}
