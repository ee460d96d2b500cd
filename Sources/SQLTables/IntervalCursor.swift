internal import Filter
internal import Records
internal import Store

/// Fetches stored intervals, some at a time.
final class IntervalCursor {
    private let settings: SQLTables.Settings
    private let reader: FlowReader
    private let range: Range<Int64>
    private var place: IntervalPlace?

    init(_ question: LogQuestion, _ settings: SQLTables.Settings) {
        self.settings = settings
        reader = FlowReader(directory: question.directory)
        range = question.range
    }

    /// Calls `body` with the next intervals until it returns false.
    /// - Returns: false when there are no more.
    func fetch(_ body: (FlowInterval) throws -> Bool) throws -> Bool {
        var hasMore = false
        var problem: (any Error)?
        let scan = try reader.forEach(in: range, after: place) { interval, place in
            self.place = place
            do {
                hasMore = try !body(interval) || settings.shouldStop()
            } catch {
                (problem, hasMore) = (error, true)
            }
            return !hasMore
        }
        for found in scan.damage { settings.noteDamage("\(found.segment): \(found.problem)") }
        if let problem { throw problem }
        return hasMore
    }
}
