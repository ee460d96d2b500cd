internal import Records
internal import Store
internal import Wire

/// The methods of `io.hdrlog`: each call runs on a thread of its own, at most so many at a time.
final class Service: HdrlogService {
    private let accountant: Accountant
    private let store: StoreReader
    private let flows: FlowReader
    private let settings: Configuration.QuerySection
    private let running = Monitor(0)

    init(
        _ accountant: Accountant, _ store: StoreReader, _ flows: FlowReader, _ settings: Configuration.QuerySection
    ) {
        self.flows = flows
        self.accountant = accountant
        self.store = store
        self.settings = settings
    }

    func status() async throws(ServiceError) -> StatusReply {
        let accountant = accountant
        return try await onThread("status") { () throws(ServiceError) in try accountant.status() }
    }

    func query(_ request: QueryRequest, into sink: some ReplySink) async throws(ServiceError) -> Completeness {
        let runner = QueryRunner(store: store, timeLimit: settings.timeLimit.nanoseconds)
        let (running, limit) = (running, settings.concurrent)
        return try await onThread("query") { () throws(ServiceError) in
            _ = running.wait { count -> Bool? in
                guard count < limit else { return nil }
                count += 1
                return true
            }
            defer { running.update { $0 -= 1 } }
            return try runner.run(request, into: sink)
        }
    }

    func flows(_ request: FlowsRequest) async throws(ServiceError) -> FlowsReply {
        let runner = FlowRunner(reader: flows, timeLimit: settings.timeLimit.nanoseconds)
        return try await onThread("flows") { () throws(ServiceError) in try runner.run(request) }
    }

    private func onThread<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws(ServiceError) -> Value
    ) async throws(ServiceError) -> Value {
        let result: Result<Value, ServiceError> = await withCheckedContinuation { continuation in
            _ = Thread(name) {
                continuation.resume(returning: Result { () throws(ServiceError) in try body() })
            }
        }
        return try result.get()
    }
}
