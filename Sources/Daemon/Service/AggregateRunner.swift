internal import Records
internal import Store
internal import Wire

/// Carries one `Aggregate` out on a thread that may block.
struct AggregateRunner: Sendable {
    let store: StoreReader
    let timeLimit: TimeSpan

    /// Blocks that are worked on at a time: queries must not take every core from the drain thread.
    static let threads = 2

    func run(_ request: AggregateRequest) throws(ServiceError) -> AggregateReply {
        let question = try parse(request)
        return try TimeLimit(timeLimit).run { isOver throws(StoreError) in
            AggregateReply(try store.aggregate(question, threads: Self.threads, shouldStop: isOver))
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
        for computation in request.compute ?? [] {
            guard let function = Computation.Function(rawValue: computation.function),
                let field = Field(named: computation.field), let known = Computation(function, of: field)
            else { throw .invalidParameter("compute") }
            question.computations.append(known)
        }
        return question
    }
}

extension AggregateReply {
    init(_ result: AggregateResult) {
        self.init(
            groups: result.groups.map { group in
                Group(
                    bucket: group.bucket, values: group.values.map(\.description), sums: Sums(group.sums, result),
                    computed: group.computed.isEmpty ? nil : group.computed.map(Computed.init))
            },
            total: Sums(result.total, result), rest: Sums(result.rest, result), groupCount: result.groupCount,
            completeness: Completeness(result.completeness))
    }
}

extension AggregateReply.Sums {
    init(_ sums: AggregateSums, _ result: AggregateResult) {
        let margins = result.margins(sums)
        self.init(
            records: Int(clamping: sums.records), bytes: Int(clamping: sums.bytes),
            estimatedPackets: Int(clamping: sums.estimatedPackets), estimatedBytes: Int(clamping: sums.estimatedBytes),
            packetsMargin: margins.map { Int(clamping: $0.packets) },
            bytesMargin: margins.map { Int(clamping: $0.bytes) })
    }
}

extension AggregateReply.Computed {
    init(_ value: ComputedValue) {
        self.init(
            value: value.value.map { Int(clamping: $0) }, margin: value.margin.map { Int(clamping: $0) },
            approximate: value.isApproximate)
    }
}
