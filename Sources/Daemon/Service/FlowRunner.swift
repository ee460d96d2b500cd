internal import Records
internal import Store
internal import Wire

/// Carries one `Flows` out on a thread that may block.
struct FlowRunner: Sendable {
    let reader: FlowReader
    let timeLimit: TimeSpan

    /// Flows of one reply at the most: its size is bounded.
    private static let mostFlows = 10_000

    func run(_ request: FlowsRequest) throws(ServiceError) -> FlowsReply {
        let query = try parse(request)
        return FlowsReply(
            try TimeLimit(timeLimit).run { isOver throws(StoreError) in
                try reader.flows(query, isCancelled: isOver)
            })
    }

    private func parse(_ request: FlowsRequest) throws(ServiceError) -> FlowQuery {
        var query = FlowQuery()
        query.filter = try Parameters.filter(request.filter)
        query.range = try Parameters.range(request.since, request.until)
        if let order = request.order {
            guard let known = FlowQuery.Order(rawValue: order) else { throw .invalidParameter("order") }
            query.order = known
        }
        query.limit = min(try Parameters.limit(request.limit) ?? query.limit, Self.mostFlows)
        return query
    }
}
