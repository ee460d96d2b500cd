internal import Filter
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
        let fields = try fields(request.fields)
        if request.follow == true { return try follow(query, request, fields, sink) }
        let (result, _) = try answer(query, request, fields, sink, deadline: Clock.boot + timeLimit)
        return completeness(result, query)
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
            guard wanted, !sink.isCancelled, query.limit != 0 else { return completeness(result, query) }
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
            result = try store.query(query, shouldStop: isOver) { record, name in
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
        do {
            if let filter = request.filter, !filter.isEmpty { query.filter = try FilterExpression(parsing: filter) }
        } catch {
            throw .invalidFilter(position: error.column, found: error.found, expected: error.expected, hint: error.hint)
        }
        let since = request.since ?? .min
        let until = request.until ?? .max
        guard since <= until else { throw .invalidTime(problem: "since is later than until") }
        guard request.limit ?? 0 >= 0 else { throw .invalidParameter("limit") }
        query.range = since..<until
        query.limit = request.limit
        query.order = request.reverse == true ? .descending : .ascending
        return query
    }

    private func fields(_ names: [String]?) throws(ServiceError) -> [Field]? {
        guard let names else { return nil }
        var fields: [Field] = []
        for name in names {
            guard let field = Field(named: name) else { throw .invalidParameter("fields") }
            fields.append(field)
        }
        return fields
    }

    private func completeness(_ result: QueryResult, _ query: Query) -> Completeness {
        Completeness(
            since: result.covered?.lowerBound ?? 0, until: result.covered?.upperBound ?? 0, records: result.delivered,
            limited: result.stopped == .limit, gaps: result.gaps.map(Wire.Gap.init))
    }
}
