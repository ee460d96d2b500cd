internal import Filter
internal import Records
internal import Store

/// A column of `counters`: a row is what was counted of one kind and value in one interval.
enum CounterColumn: String, CaseIterable {
    case intervalSince, intervalUntil, interface, direction, kind, value, frames, bytes

    static let columns = allCases.map { column in
        LogColumn(
            name: column.rawValue, kind: [.interface, .direction, .kind].contains(column) ? .text : .integer,
            pushing: column == .intervalSince ? .time : .none)
    }
}

final class CounterRows: LogRows {
    private let settings: SQLTables.Settings
    private var columns: [CounterColumn] = []
    private var cursor: IntervalCursor?

    init(_ settings: SQLTables.Settings) { self.settings = settings }

    func start(_ question: LogQuestion) throws {
        guard question.filter.isEmpty else {
            throw SQLProblem(description: "counters are of all packets: a filter cannot choose among them")
        }
        columns = question.columns.map { CounterColumn.allCases[$0] }
        cursor = IntervalCursor(question, settings)
    }

    func fill(_ batch: RowBatch) throws -> Bool {
        guard let cursor else { return false }
        return try cursor.fetch { interval in
            for sample in interval.counters { append(sample, interval, to: batch) }
            return !batch.isFull
        }
    }

    private func append(_ sample: CounterSample, _ interval: FlowInterval, to batch: RowBatch) {
        for column in columns {
            switch column {
            case .intervalSince: batch.integer(interval.from)
            case .intervalUntil: batch.integer(interval.to)
            case .interface: batch.text(interval.names[sample.interface] ?? "\(sample.interface)")
            case .direction: batch.text(sample.direction.name)
            case .kind: batch.text(sample.kind.name)
            case .value: batch.integer(sample.kind.hasValues ? sample.value : nil)
            case .frames: batch.integer(sample.frames)
            case .bytes: batch.integer(sample.kind.hasBytes ? sample.bytes : nil)
            }
        }
        batch.endRow()
    }
}
