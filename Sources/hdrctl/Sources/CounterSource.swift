internal import Records
internal import Store
internal import Wire

extension RecordSource {
    /// Counters and histograms, by the daemon or over a directory.
    func counts(_ request: CountsRequest) throws(Failure) -> CountsReply {
        try answer { client throws(ClientError) in
            try client.counts(request)
        } directory: { directory throws(StoreError) in
            CountsReply(try FlowReader(directory: directory).counters(CounterQuery(request)))
        }
    }
}

extension CounterQuery {
    /// Kinds and direction have been checked before.
    fileprivate init(_ request: CountsRequest) {
        self.init()
        let since = request.since ?? .min
        range = since..<max(since, request.until ?? .max)
        kinds = Set((request.kinds ?? []).compactMap { CounterKind(named: $0) })
        interface = request.interface
        direction = request.direction.flatMap { Direction(named: $0) }
        bucket = request.bucket
    }
}
