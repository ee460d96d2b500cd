internal import Records
internal import Store
internal import Wire

/// The methods of `io.hdrlog`: each call runs on a thread of its own, at most so many at a time.
final class Service: HdrlogService {
    private let accountant: Accountant
    private let store: StoreReader
    private let flows: FlowReader
    private let administration: Administration
    private let running = Monitor(0)

    init(_ accountant: Accountant, _ store: StoreReader, _ flows: FlowReader, _ administration: Administration) {
        self.flows = flows
        self.accountant = accountant
        self.store = store
        self.administration = administration
    }

    func status() async throws(ServiceError) -> StatusReply {
        let (accountant, storage) = (accountant, administration.storage)
        return try await onThread("status") { () throws(ServiceError) in
            var reply = try accountant.status()
            reply.store.flows?.limit = Int(StoreLimits(flows: storage).maxUse)
            reply.store.headers?.limit = storage.maxUse.bytes - (reply.store.flows?.bytes ?? 0)
            return reply
        }
    }

    func query(_ request: QueryRequest, into sink: some ReplySink) async throws(ServiceError) -> Completeness {
        let runner = QueryRunner(store: store, timeLimit: administration.querySettings.timeLimit.nanoseconds)
        return try await inTurn("query") { () throws(ServiceError) in try runner.run(request, into: sink) }
    }

    func aggregate(_ request: AggregateRequest) async throws(ServiceError) -> AggregateReply {
        let runner = AggregateRunner(store: store, timeLimit: administration.querySettings.timeLimit)
        return try await inTurn("aggregate") { () throws(ServiceError) in try runner.run(request) }
    }

    func config() async throws(ServiceError) -> ConfigReply { administration.settings }

    func reload() async throws(ServiceError) {
        let administration = administration
        try await onThread("reload") { () throws(ServiceError) in try administration.reload() }
    }

    func rotate() async throws(ServiceError) {
        let administration = administration
        try await onThread("rotate") { () throws(ServiceError) in try administration.rotate() }
    }

    func vacuum(_ request: VacuumRequest) async throws(ServiceError) -> VacuumReply {
        let administration = administration
        return try await onThread("vacuum") { () throws(ServiceError) in try administration.vacuum(request) }
    }

    /// For what reads the whole log: only so many at a time, the others wait.
    private func inTurn<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws(ServiceError) -> Value
    ) async throws(ServiceError) -> Value {
        let (running, limit) = (running, administration.querySettings.concurrent)
        return try await onThread(name) { () throws(ServiceError) in
            _ = running.wait { count -> Bool? in
                guard count < limit else { return nil }
                count += 1
                return true
            }
            defer { running.update { $0 -= 1 } }
            return try body()
        }
    }

    func flows(_ request: FlowsRequest) async throws(ServiceError) -> FlowsReply {
        let runner = FlowRunner(reader: flows, timeLimit: administration.querySettings.timeLimit)
        return try await inTurn("flows") { () throws(ServiceError) in try runner.run(request) }
    }

    func counts(_ request: CountsRequest) async throws(ServiceError) -> CountsReply {
        let runner = CounterRunner(reader: flows, timeLimit: administration.querySettings.timeLimit)
        return try await inTurn("counts") { () throws(ServiceError) in try runner.run(request) }
    }

    private func onThread<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws(ServiceError) -> Value
    ) async throws(ServiceError) -> Value {
        let result: Result<Value, ServiceError> = await withCheckedContinuation { continuation in
            _ = Thread(name, isPrivileged: name == "reload") {
                continuation.resume(returning: Result { () throws(ServiceError) in try body() })
            }
        }
        return try result.get()
    }
}
