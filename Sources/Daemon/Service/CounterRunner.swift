internal import Records
internal import Store
internal import Wire

/// Carries one `Counts` out on a thread that may block.
struct CounterRunner: Sendable {
    let reader: FlowReader
    let timeLimit: TimeSpan

    func run(_ request: CountsRequest) throws(ServiceError) -> CountsReply {
        let query = try parse(request)
        return CountsReply(
            try TimeLimit(timeLimit).run { isOver throws(StoreError) in
                try reader.counters(query, isCancelled: isOver)
            })
    }

    private func parse(_ request: CountsRequest) throws(ServiceError) -> CounterQuery {
        var query = CounterQuery()
        query.range = try Parameters.range(request.since, request.until)
        query.interface = request.interface
        for name in request.kinds ?? [] {
            guard let kind = CounterKind(named: name) else { throw .invalidParameter("kinds") }
            query.kinds.insert(kind)
        }
        if let name = request.direction {
            guard let direction = Direction(named: name) else { throw .invalidParameter("direction") }
            query.direction = direction
        }
        if let bucket = request.bucket {
            guard bucket > 0 else { throw .invalidParameter("bucket") }
            query.bucket = bucket
        }
        return query
    }
}
