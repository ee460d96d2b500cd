internal import Filter
internal import Records
internal import Store

/// A column of `gaps`: stretches of time from which records, or intervals of flows and counters, are missing.
enum GapColumn: String, CaseIterable {
    case since, until, reason, lost, family

    static let columns = allCases.map { LogColumn(name: $0.rawValue, kind: $0.kind) }

    private var kind: LogColumn.Kind { self == .reason || self == .family ? .text : .integer }
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
        var query = Query()
        query.limit = 0
        let headers = try StoreReader(directory: question.directory).query(query) { _, _ in false }
        append(headers.gaps, of: .headers, question, to: batch)
        for file in headers.unreadable { settings.noteDamage("\(file.name): \(file.reason)") }
        let flows = try FlowReader(directory: question.directory).gaps(in: .min ..< .max)
        append(flows.gaps, of: .flows, question, to: batch)
        for found in flows.damage { settings.noteDamage("\(found.segment): \(found.problem)") }
        return false
    }

    private func append(_ gaps: [Gap], of family: SegmentFamily, _ question: LogQuestion, to batch: RowBatch) {
        let columns = question.columns.map { GapColumn.allCases[$0] }
        for gap in gaps {
            for column in columns {
                switch column {
                case .since: batch.integer(gap.from)
                case .until: batch.integer(gap.to)
                case .reason: batch.text("\(gap.reason)")
                case .lost: batch.integer(gap.count)
                case .family: batch.text(family.rawValue)
                }
            }
            batch.endRow()
        }
    }
}
