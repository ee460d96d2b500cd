internal import Records
internal import Store
internal import Wire

/// Carries one `Query` out on a thread that may block: store → JSON → client.
struct QueryRunner: Sendable {
    let store: StoreReader
    let timeLimit: Int64

    /// Records of a reply; less leaves the client waiting, more leaves it idle.
    private static let batch = 500

    func run(_ request: QueryRequest, into sink: some ReplySink) throws(ServiceError) -> Completeness {
        let query = try parse(request)
        let fields = try Parameters.fields(request.fields)
        if request.follow == true { return try follow(query, request, fields, sink) }
        let (result, _) = try answer(query, request, fields, sink, deadline: Clock.boot + timeLimit)
        return Completeness(result)
    }

    /// Asks again for what has come since, until the client leaves.
    private func follow(
        _ first: Query, _ request: QueryRequest, _ fields: [Field]?, _ sink: some ReplySink
    ) throws(ServiceError) -> Completeness {
        var query = first
        if request.since == nil { query.range = Clock.wall..<Int64.max }
        while true {
            // The cursor of an answer stands at the range's end; what comes later lies behind the last record.
            var cursor = query.cursor
            let (result, wanted) = try answer(query, request, fields, sink, deadline: .max) { time in
                let behind = cursor.map { $0.time == time ? $0.delivered : 0 } ?? 0
                cursor = QueryCursor(time: time, delivered: behind + 1)
            }
            query.cursor = cursor
            if let limit = query.limit { query.limit = max(0, limit - result.delivered) }
            guard wanted, !sink.isCancelled, query.limit != 0 else { return Completeness(result) }
            Pause.milliseconds(50)
        }
    }

    private func answer(
        _ query: Query, _ request: QueryRequest, _ fields: [Field]?, _ sink: some ReplySink, deadline: Int64,
        note: (Int64) -> Void = { _ in }
    ) throws(ServiceError) -> (QueryResult, wanted: Bool) {
        var encoder = RecordJSONEncoder(fields: fields, raw: request.raw ?? false)
        var failure: ServiceError?
        var wanted = true
        func flush() {
            do throws(ServiceError) { wanted = try sink.sendBlocking(encoder) } catch { failure = error }
            encoder.removeAll()
        }
        let result: QueryResult
        do {
            let isOver = { sink.isCancelled || Clock.boot > deadline }
            result = try store.query(query, threads: AggregateRunner.threads, shouldStop: isOver) { record, name in
                encoder.append(record, record.layout, interface: name)
                note(record.time)
                if encoder.count >= Self.batch { flush() }
                return wanted && failure == nil
            }
        } catch {
            throw .unavailable(problem: "\(error)")
        }
        if encoder.count > 0, failure == nil { flush() }
        if let failure { throw failure }
        return (result, wanted)
    }

    private func parse(_ request: QueryRequest) throws(ServiceError) -> Query {
        var query = Query()
        query.filter = try Parameters.filter(request.filter)
        query.range = try Parameters.range(request.since, request.until)
        query.limit = try Parameters.limit(request.limit)
        query.order = request.reverse == true ? .descending : .ascending
        return query
    }
}
