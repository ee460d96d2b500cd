internal import Filter
internal import Store

/// A column of `gaps`: stretches of time from which records are missing.
enum GapColumn: String, CaseIterable {
    case since, until, reason, lost

    static let columns = allCases.map { LogColumn(name: $0.rawValue, kind: $0 == .reason ? .text : .integer) }
}

final class GapRows: LogRows {
    private let settings: SQLTables.Settings
    private var question: LogQuestion?

    init(_ settings: SQLTables.Settings) { self.settings = settings }

    func start(_ question: LogQuestion) throws {
        guard question.filter.isEmpty else {
            throw SQLProblem(description: "gaps are of all packets: a filter cannot choose among them")
        }
        self.question = question
    }

    func fill(_ batch: RowBatch) throws -> Bool {
        guard let question else { return false }
        let columns = question.columns.map { GapColumn.allCases[$0] }
        var query = Query()
        query.limit = 0
        let result = try StoreReader(directory: question.directory).query(query) { _, _ in false }
        for gap in result.gaps {
            for column in columns {
                switch column {
                case .since: batch.integer(gap.from)
                case .until: batch.integer(gap.to)
                case .reason: batch.text("\(gap.reason)")
                case .lost: batch.integer(gap.count)
                }
            }
            batch.endRow()
        }
        for file in result.unreadable { settings.noteDamage("\(file.name): \(file.reason)") }
        return false
    }
}
