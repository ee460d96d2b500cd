internal import Store
internal import Wire

/// Carries one `Aggregate` out on a thread that may block.
struct AggregateRunner: Sendable {
    let store: StoreReader
    let timeLimit: Int64

    /// Blocks that are worked on at a time: queries must not take every core from the drain thread.
    private static let threads = 2

    func run(_ request: AggregateRequest) throws(ServiceError) -> AggregateReply {
        let question = try parse(request)
        let deadline = Clock.boot + timeLimit
        do throws(StoreError) {
            return AggregateReply(
                try store.aggregate(question, threads: Self.threads, shouldStop: { Clock.boot > deadline }))
        } catch {
            throw .unavailable(problem: "\(error)")
        }
    }

    private func parse(_ request: AggregateRequest) throws(ServiceError) -> Aggregation {
        var question = Aggregation()
        question.filter = try Parameters.filter(request.filter)
        question.range = try Parameters.range(request.since, request.until)
        question.fields = try Parameters.fields(request.fields) ?? []
        question.limit = try Parameters.limit(request.limit)
        guard request.bucket ?? 1 > 0 else { throw .invalidParameter("bucket") }
        question.bucket = request.bucket
        switch request.measure {
        case nil, "records": question.measure = .records
        case "bytes": question.measure = .bytes
        default: throw .invalidParameter("measure")
        }
        return question
    }
}

extension AggregateReply {
    init(_ result: AggregateResult) {
        self.init(
            groups: result.groups.map {
                Group(bucket: $0.bucket, values: $0.values.map(\.description), sums: Sums($0.sums))
            },
            total: Sums(result.total), rest: Sums(result.rest), groupCount: result.groupCount,
            completeness: Completeness(result.completeness))
    }
}

extension AggregateReply.Sums {
    init(_ sums: AggregateSums) {
        self.init(
            records: Int(clamping: sums.records), bytes: Int(clamping: sums.bytes),
            estimatedPackets: Int(clamping: sums.estimatedPackets), estimatedBytes: Int(clamping: sums.estimatedBytes))
    }
}
