internal import NIOCore

/// A call that runs in a task, and the way to end it early.
struct RunningCall: Sendable {
    var task: Task<Void, Never>
    var replies: RecordReplies?

    func cancel() {
        replies?.cancel()
        task.cancel()
    }
}

/// From a method's name to the service: checks the name, the peer and the parameters.
struct Dispatcher<Service: HdrlogService>: Sendable {
    enum Started {
        /// Answered at once.
        case replied([UInt8])
        case running(RunningCall)
    }

    /// Called once with the last reply, nil when none is due.
    typealias Completion = @Sendable (ByteBuffer?) -> Void

    let service: Service
    let info: ServiceInfo
    let policy: AccessPolicy
    let replyBytes: Int
    let activity: Activity

    func start(_ call: Call, from peer: Peer, on channel: any Channel, _ completion: @escaping Completion) -> Started {
        do throws(ServiceError) {
            switch call.method {
            case "org.varlink.service.GetInfo": return .replied(Reply.success(information))
            case "org.varlink.service.GetInterfaceDescription": return .replied(try description(call))
            case "io.hdrlog.Status":
                try read(peer)
                return single(call, completion) { () throws(ServiceError) in
                    JSONValue(encoding: try await service.status())
                }
            case "io.hdrlog.Aggregate":
                try read(peer)
                return try single(call, completion) { request throws(ServiceError) in
                    try await service.aggregate(request)
                }
            case "io.hdrlog.Flows":
                try read(peer)
                return try single(call, completion) { request throws(ServiceError) in
                    try await service.flows(request)
                }
            case "io.hdrlog.Counts":
                try read(peer)
                return try single(call, completion) { request throws(ServiceError) in
                    try await service.counts(request)
                }
            case "io.hdrlog.Config":
                try read(peer)
                return single(call, completion) { () throws(ServiceError) in
                    JSONValue(encoding: try await service.config())
                }
            case "io.hdrlog.Reload":
                try change(peer)
                return single(call, completion) { () throws(ServiceError) in
                    try await service.reload()
                    return .object([:])
                }
            case "io.hdrlog.Rotate":
                try change(peer)
                return single(call, completion) { () throws(ServiceError) in
                    try await service.rotate()
                    return .object([:])
                }
            case "io.hdrlog.Vacuum":
                try change(peer)
                return try single(call, completion) { request throws(ServiceError) in
                    try await service.vacuum(request)
                }
            case "io.hdrlog.Query":
                try read(peer)
                return .running(try query(call, channel, completion))
            default: throw unknown(call.method)
            }
        } catch {
            return .replied(Reply.failure(error))
        }
    }

    private func read(_ peer: Peer) throws(ServiceError) {
        guard policy.mayRead(peer) else { throw .permissionDenied(needed: "membership of the socket's group, or root") }
    }

    private func change(_ peer: Peer) throws(ServiceError) {
        guard policy.mayChange(peer) else { throw .permissionDenied(needed: "root") }
    }

    private func unknown(_ method: String) -> ServiceError {
        guard let dot = method.lastIndex(of: ".") else { return .invalidParameter("method") }
        let interface = String(method[..<dot])
        return Interface.description(of: interface) == nil ? .interfaceNotFound(interface) : .methodNotFound(method)
    }

    private var information: JSONValue {
        .object([
            "vendor": .string(info.vendor), "product": .string(info.product), "version": .string(info.version),
            "url": .string(info.url),
            "interfaces": .array([.string(Interface.serviceName), .string(Interface.name)]),
        ])
    }

    private func description(_ call: Call) throws(ServiceError) -> [UInt8] {
        guard let name = call.parameters.object?["interface"]?.string else { throw .invalidParameter("interface") }
        guard let text = Interface.description(of: name) else { throw .interfaceNotFound(name) }
        return Reply.success(.object(["description": .string(text)]))
    }

    /// A method with parameters and one reply.
    private func single<Request: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ call: Call, _ completion: @escaping Completion,
        _ method: @escaping @Sendable (Request) async throws(ServiceError) -> Answer
    ) throws(ServiceError) -> Started {
        let request = try call.parameters(as: Request.self)
        return single(call, completion) { () throws(ServiceError) in
            JSONValue(encoding: try await method(request))
        }
    }

    /// A method with one reply.
    private func single(
        _ call: Call, _ completion: @escaping Completion,
        _ method: @escaping @Sendable () async throws(ServiceError) -> JSONValue
    ) -> Started {
        activity.callBegan()
        let task = Task {
            defer { activity.callEnded() }
            let reply: [UInt8]
            do throws(ServiceError) {
                reply = Reply.success(try await method())
            } catch {
                reply = Reply.failure(error)
            }
            completion(call.oneway ? nil : ByteBuffer(bytes: reply))
        }
        return .running(RunningCall(task: task))
    }

    private func query(
        _ call: Call, _ channel: any Channel, _ completion: @escaping Completion
    ) throws(ServiceError) -> RunningCall {
        let request = try call.parameters(as: QueryRequest.self)
        if request.follow == true, !call.more { throw .expectedMore }
        if let limit = request.limit, limit < 0 { throw .invalidParameter("limit") }
        let replies = RecordReplies(channel, call, limit: replyBytes)
        activity.callBegan()
        let task = Task {
            defer { activity.callEnded() }
            let reply: ByteBuffer
            do throws(ServiceError) {
                reply = replies.finalMessage(try await service.query(request, into: replies))
            } catch {
                reply = ByteBuffer(bytes: Reply.failure(error))
            }
            completion(call.oneway ? nil : reply)
        }
        return RunningCall(task: task, replies: replies)
    }
}
