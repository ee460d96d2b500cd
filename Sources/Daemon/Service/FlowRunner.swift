internal import Filter
internal import Records
internal import Store
internal import Wire

/// Carries one `Flows` out on a thread that may block.
struct FlowRunner: Sendable {
    let reader: FlowReader
    let timeLimit: Int64

    /// Flows of one reply at the most: its size is bounded.
    private static let mostFlows = 10_000

    func run(_ request: FlowsRequest) throws(ServiceError) -> FlowsReply {
        let query = try parse(request)
        let deadline = Clock.boot + timeLimit
        var isLate = false
        let answer: FlowAnswer
        do {
            answer = try reader.flows(query) {
                isLate = Clock.boot > deadline
                return isLate
            }
        } catch {
            throw .unavailable(problem: "\(error)")
        }
        if isLate { throw .limitExceeded(limit: "query.time_limit", maximum: Int(timeLimit / 1_000_000_000)) }
        return FlowsReply(answer)
    }

    private func parse(_ request: FlowsRequest) throws(ServiceError) -> FlowQuery {
        var query = FlowQuery()
        do {
            query.filter = try FilterExpression(parsing: request.filter ?? "")
        } catch {
            throw .invalidFilter(
                position: error.column, found: error.found, expected: error.expected, hint: error.hint)
        }
        let since = request.since ?? .min
        query.range = since..<max(since, request.until ?? .max)
        if let order = request.order {
            guard let known = FlowQuery.Order(rawValue: order) else { throw .invalidParameter("order") }
            query.order = known
        }
        guard (request.limit ?? 0) >= 0 else { throw .invalidParameter("limit") }
        query.limit = min(request.limit ?? query.limit, Self.mostFlows)
        return query
    }
}
