internal import Filter
internal import Records
internal import Store
internal import Wire

extension RecordSource {
    /// Counts and sums, by the daemon or over a directory.
    func aggregate(_ request: AggregateRequest) throws(Failure) -> AggregateReply {
        try answer { client throws(ClientError) in
            try client.aggregate(request)
        } directory: { directory throws(StoreError) in
            AggregateReply(try StoreReader(directory: directory).aggregate(Aggregation(request), threads: 2))
        }
    }
}

extension Aggregation {
    /// Fields and filter have been checked before.
    fileprivate init(_ request: AggregateRequest) {
        self.init()
        filter = (try? FilterExpression(parsing: request.filter ?? "")) ?? .all
        let since = request.since ?? .min
        range = since..<max(since, request.until ?? .max)
        fields = request.fields?.compactMap { Field(named: $0) } ?? []
        bucket = request.bucket
        measure = request.measure == "bytes" ? .bytes : .records
        limit = request.limit
        computations = (request.compute ?? []).compactMap { computation in
            guard let field = Field(named: computation.field) else { return nil }
            return Computation.Function(rawValue: computation.function).flatMap { Computation($0, of: field) }
        }
    }
}

extension AggregateReply {
    fileprivate init(_ result: AggregateResult) {
        self.init(
            groups: result.groups.map { group in
                Group(
                    bucket: group.bucket, values: group.values.map(\.description), sums: Self.sums(group.sums, result),
                    computed: group.computed.isEmpty ? nil : group.computed.map(Self.computed))
            },
            total: Self.sums(result.total, result), rest: Self.sums(result.rest, result),
            groupCount: result.groupCount, completeness: StoredRecords.completeness(result.completeness))
    }

    private static func sums(_ sums: AggregateSums, _ result: AggregateResult) -> Sums {
        let margins = result.margins(sums)
        return Sums(
            records: Int(clamping: sums.records), bytes: Int(clamping: sums.bytes),
            estimatedPackets: Int(clamping: sums.estimatedPackets), estimatedBytes: Int(clamping: sums.estimatedBytes),
            packetsMargin: margins.map { Int(clamping: $0.packets) },
            bytesMargin: margins.map { Int(clamping: $0.bytes) })
    }

    private static func computed(_ value: ComputedValue) -> Computed {
        Computed(
            value: value.value.map { Int(clamping: $0) }, margin: value.margin.map { Int(clamping: $0) },
            approximate: value.isApproximate)
    }
}
