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
    }
}

extension AggregateReply {
    fileprivate init(_ result: AggregateResult) {
        self.init(
            groups: result.groups.map {
                Group(bucket: $0.bucket, values: $0.values.map(\.description), sums: Self.sums($0.sums))
            },
            total: Self.sums(result.total), rest: Self.sums(result.rest), groupCount: result.groupCount,
            completeness: StoredRecords.completeness(result.completeness))
    }

    private static func sums(_ sums: AggregateSums) -> Sums {
        Sums(
            records: Int(clamping: sums.records), bytes: Int(clamping: sums.bytes),
            estimatedPackets: Int(clamping: sums.estimatedPackets), estimatedBytes: Int(clamping: sums.estimatedBytes))
    }
}
