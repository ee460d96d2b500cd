internal import SQLite

/// One of the tables: its columns, then `directory` and `filter`, which a statement gives as arguments.
final class LogTable: VirtualTable {
    private let name: String
    private let visible: [LogColumn]
    private let settings: SQLTables.Settings
    private let rows: () -> any LogRows

    init(
        name: String, columns: [LogColumn], _ settings: SQLTables.Settings, _ rows: @escaping () -> any LogRows
    ) {
        (self.name, visible, self.settings, self.rows) = (name, columns, settings, rows)
    }

    var columns: String {
        (visible.map(\.declaration) + ["directory TEXT HIDDEN", "filter TEXT HIDDEN"]).joined(separator: ", ")
    }

    func plan(_ question: inout TableQuestion) {
        var plan = LogPlan(columns: visible.indices.filter { question.uses(column: $0) })
        var rows = 10_000_000.0
        for index in question.constraints.indices {
            let constraint = question.constraints[index]
            guard let relation = constraint.relation else { continue }
            let isArgument = constraint.column >= visible.count
            guard constraint.isUsable else {
                if isArgument, relation == .equal { question.isImpossible = true }
                continue
            }
            if isArgument ? relation != .equal : !takes(constraint) { continue }
            question.constraints[index].argument = plan.tests.count
            question.constraints[index].isAnswered = isArgument
            plan.tests.append(.init(column: constraint.column, relation: relation))
            rows /= relation == .equal ? 50 : 4
        }
        if let order = question.order, visible.indices.contains(order.column), visible[order.column].name == "time" {
            plan.isDescending = order.isDescending
            question.isOrdered = true
        }
        question.plan = plan.text
        question.estimatedRows = max(1, Int64(rows))
    }

    private func takes(_ constraint: TableQuestion.Constraint) -> Bool {
        guard visible.indices.contains(constraint.column), let relation = constraint.relation else { return false }
        return visible[constraint.column].takes(relation, isBinary: constraint.isBinary)
    }

    func cursor() -> any TableCursor { LogCursor(visible, settings, rows()) }
}

/// What a statement uses of a table, on its way from the planner to the cursor.
struct LogPlan: Equatable {
    struct Test: Equatable {
        var column: Int
        var relation: TableQuestion.Constraint.Relation
    }

    /// The visible columns that are looked at.
    var columns: [Int]
    var tests: [Test] = []
    var isDescending = false

    init(columns: [Int]) { self.columns = columns }

    init(text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        func numbers(_ part: Substring) -> [Int] { part.split(separator: ",").compactMap { Int($0) } }
        columns = numbers(parts[0])
        let pairs = numbers(parts[1])
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard let relation = TableQuestion.Constraint.Relation(rawValue: UInt8(pairs[index + 1])) else { continue }
            tests.append(Test(column: pairs[index], relation: relation))
        }
        isDescending = parts[2] == "descending"
    }

    var text: String {
        let tests = tests.flatMap { [$0.column, Int($0.relation.rawValue)] }
        func list(_ numbers: [Int]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
        return "\(list(columns));\(list(tests));\(isDescending ? "descending" : "")"
    }
}
