internal import Filter
internal import Store
internal import Wire

extension RecordSource {
    /// Flows, by the daemon or over a directory.
    func flows(_ request: FlowsRequest) throws(Failure) -> FlowsReply {
        try answer { client throws(ClientError) in
            try client.flows(request)
        } directory: { directory throws(StoreError) in
            FlowsReply(try FlowReader(directory: directory).flows(FlowQuery(request)))
        }
    }
}

extension FlowQuery {
    /// Order and filter have been checked before.
    fileprivate init(_ request: FlowsRequest) {
        self.init()
        filter = (try? FilterExpression(parsing: request.filter ?? "")) ?? .all
        let since = request.since ?? .min
        range = since..<max(since, request.until ?? .max)
        order = request.order.flatMap { Order(rawValue: $0) } ?? order
        limit = request.limit ?? limit
    }
}
