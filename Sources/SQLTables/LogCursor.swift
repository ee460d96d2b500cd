internal import Filter
internal import SQLite

/// What is asked of a table's rows.
struct LogQuestion {
    var directory: String
    /// UTC nanoseconds.
    var range: Range<Int64>
    var filter: FilterExpression
    var isDescending: Bool
    /// The visible columns whose values are wanted, in the order in which they stand in a batch.
    var columns: [Int]
}

/// Where the rows of a table come from, batch by batch.
protocol LogRows: AnyObject {
    func start(_ question: LogQuestion) throws
    /// Puts the next rows into an empty batch.
    /// - Returns: false when these were the last ones.
    func fill(_ batch: RowBatch) throws -> Bool
}

/// A problem that ends a statement.
struct SQLProblem: Error, CustomStringConvertible {
    var description: String
}

/// Goes over a table's rows: turns what the statement compares into a range and a filter, and hands batches out.
final class LogCursor: TableCursor {
    private let visible: [LogColumn]
    private let settings: SQLTables.Settings
    private let rows: any LogRows
    private let batch = RowBatch()
    private var row = 0
    private var hasMore = false
    /// The place of each visible column in the batch; -1 for those that are not looked at.
    private var places: [Int] = []
    private var question: LogQuestion
    private(set) var rowIdentifier: Int64 = 0

    init(_ visible: [LogColumn], _ settings: SQLTables.Settings, _ rows: any LogRows) {
        (self.visible, self.settings, self.rows) = (visible, settings, rows)
        question = LogQuestion(
            directory: settings.directory, range: .min ..< .max, filter: .all, isDescending: false, columns: [])
    }

    func start(plan: String, _ values: SQLArguments) throws {
        let plan = LogPlan(text: plan)
        question = LogQuestion(
            directory: settings.directory, range: .min ..< .max, filter: .all, isDescending: plan.isDescending,
            columns: plan.columns)
        var expressions: [String] = []
        for (index, test) in plan.tests.enumerated() {
            let value = values[index]
            if test.column >= visible.count {
                try take(argument: test.column - visible.count, value)
            } else if case .time = visible[test.column].pushing {
                question.range.narrow(test.relation, value)
            } else if let expression = visible[test.column].expression(test.relation, value) {
                expressions.append(expression)
            }
        }
        if !expressions.isEmpty {
            question.filter = question.filter.and(try Self.parsed(expressions.joined(separator: " and ")))
        }
        places = [Int](repeating: -1, count: visible.count)
        for (place, column) in plan.columns.enumerated() { places[column] = place }
        batch.begin(width: plan.columns.count)
        (row, rowIdentifier, hasMore) = (-1, 0, true)
        try rows.start(question)
    }

    private func take(argument: Int, _ value: SQLValue) throws {
        guard case .text(let text) = value else {
            throw SQLProblem(description: "\(argument == 0 ? "directory" : "filter") is a text")
        }
        if argument == 0 { question.directory = text } else { question.filter = try Self.parsed(text) }
    }

    private static func parsed(_ text: String) throws -> FilterExpression {
        do {
            return try FilterExpression(parsing: text)
        } catch {
            throw SQLProblem(description: "filter: \(error)")
        }
    }

    func next() throws -> Bool {
        row += 1
        rowIdentifier += 1
        while row >= batch.count {
            guard hasMore else { return false }
            batch.removeAll()
            row = 0
            hasMore = try rows.fill(batch)
            if settings.shouldStop() { throw SQLProblem(description: "the time limit is over") }
        }
        return true
    }

    func column(_ index: Int, _ result: SQLResult) {
        if index < visible.count {
            if places[index] >= 0 { batch.deliver(row, places[index], to: result) }
        } else if index == visible.count {
            result.text(question.directory)
        }
    }
}

extension Range<Int64> {
    /// Takes a comparison of the time into account as far as it is one with a number; SQLite looks again.
    fileprivate mutating func narrow(_ relation: TableQuestion.Constraint.Relation, _ value: SQLValue) {
        guard case .integer(let time) = value else { return }
        let behind = time == .max ? time : time + 1
        var (lower, upper) = (lowerBound, upperBound)
        if relation == .equal || relation == .greaterOrEqual { lower = Swift.max(lower, time) }
        if relation == .greater { lower = Swift.max(lower, behind) }
        if relation == .equal || relation == .lessOrEqual { upper = Swift.min(upper, behind) }
        if relation == .less { upper = Swift.min(upper, time) }
        self = Swift.min(lower, upper)..<upper
    }
}
