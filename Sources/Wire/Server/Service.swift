/// The methods of `io.hdrlog`, as the daemon implements them.
///
/// They are called on Swift's cooperative pool, which must not be blocked: what scans the store runs on a thread of
/// the implementation's own and uses `ReplySink.sendBlocking`. The task of a call is cancelled when its client leaves.
public protocol HdrlogService: Sendable {
    func status() async throws(ServiceError) -> StatusReply

    /// Sends the selected records to the sink and returns what the answer covers.
    func query(_ request: QueryRequest, into sink: some ReplySink) async throws(ServiceError) -> Completeness

    func aggregate(_ request: AggregateRequest) async throws(ServiceError) -> AggregateReply

    func flows(_ request: FlowsRequest) async throws(ServiceError) -> FlowsReply

    func counts(_ request: CountsRequest) async throws(ServiceError) -> CountsReply

    func config() async throws(ServiceError) -> ConfigReply

    // These change something: the server lets root and the daemon's own user in only.
    func reload() async throws(ServiceError)
    func rotate() async throws(ServiceError)
    func vacuum(_ request: VacuumRequest) async throws(ServiceError) -> VacuumReply
}

/// A service that cannot do a thing says so.
extension HdrlogService {
    public func aggregate(_ request: AggregateRequest) async throws(ServiceError) -> AggregateReply {
        throw .methodNotImplemented("io.hdrlog.Aggregate")
    }
    public func flows(_ request: FlowsRequest) async throws(ServiceError) -> FlowsReply {
        throw .methodNotImplemented("io.hdrlog.Flows")
    }
    public func counts(_ request: CountsRequest) async throws(ServiceError) -> CountsReply {
        throw .methodNotImplemented("io.hdrlog.Counts")
    }
    public func config() async throws(ServiceError) -> ConfigReply { throw .methodNotImplemented("io.hdrlog.Config") }
    public func reload() async throws(ServiceError) { throw .methodNotImplemented("io.hdrlog.Reload") }
    public func rotate() async throws(ServiceError) { throw .methodNotImplemented("io.hdrlog.Rotate") }
    public func vacuum(_ request: VacuumRequest) async throws(ServiceError) -> VacuumReply {
        throw .methodNotImplemented("io.hdrlog.Vacuum")
    }
}

/// Where the records of an answer go.
///
/// One producer uses a sink at a time. At most two batches wait for the client; the third send waits for it to read.
public protocol ReplySink: Sendable {
    /// The client has left: nobody will read what is sent.
    var isCancelled: Bool { get }

    /// Sends a copy of the encoded records.
    /// - Returns: false when no further records are wanted, since a single reply is full.
    /// - Throws: `ServiceError.disconnected` when the client has left.
    func send(_ records: borrowing RecordJSONEncoder) async throws(ServiceError) -> Bool

    /// As `send`, for a thread that may block; never call it from a task.
    func sendBlocking(_ records: borrowing RecordJSONEncoder) throws(ServiceError) -> Bool
}

/// How the service introduces itself (`org.varlink.service.GetInfo`).
public struct ServiceInfo: Sendable {
    public var vendor: String
    public var product: String
    public var version: String
    public var url: String

    public init(vendor: String = "hdrlog", product: String = "hdrlogd", version: String, url: String = "") {
        self.vendor = vendor
        self.product = product
        self.version = version
        self.url = url
    }
}
