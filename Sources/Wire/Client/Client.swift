internal import Glibc

/// Why a call got no answer.
public enum ClientError: Error, Equatable, Sendable {
    /// Nothing listens at the path.
    case notRunning(path: String)
    /// The socket's mode does not let this user in.
    case notPermitted(path: String)
    case system(path: String, problem: String)
    /// The daemon's answer.
    case service(ServiceError)
    /// What came is not Varlink.
    case garbled(String)
}

/// A Varlink client that blocks: one call at a time, one connection.
public struct Client: ~Copyable {
    private let socket: UnixSocket
    private let path: String
    private var reader = MessageReader()

    /// The path that hdrlogd listens on by default.
    public static let defaultPath = "/run/hdrlog/hdrlogd.sock"

    public init(path: String = Client.defaultPath) throws(ClientError) {
        self.path = path
        do {
            socket = try UnixSocket(connecting: path)
        } catch {
            throw switch error.code {
            case ENOENT, ECONNREFUSED: .notRunning(path: path)
            case EACCES, EPERM: .notPermitted(path: path)
            default: .system(path: path, problem: UnixSocket.message(error.code))
            }
        }
    }

    /// A method with one reply.
    public mutating func call<Answer: Decodable>(
        _ method: String, _ parameters: JSONObject = JSONObject(), as type: Answer.Type
    ) throws(ClientError) -> Answer {
        try send(method, parameters, more: false)
        guard try next() else { throw .service(.disconnected) }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: Array(UnsafeRawBufferPointer(reader.message)))
        } catch {
            throw .garbled("byte \(error.offset): \(error.problem)")
        }
        try Self.check(value)
        do throws(MessageError) {
            return try (value.object?["parameters"] ?? .object([:])).decoded(as: type)
        } catch {
            throw .garbled("\(error.member): \(error.problem)")
        }
    }

    public mutating func status() throws(ClientError) -> StatusReply {
        try call("io.hdrlog.Status", as: StatusReply.self)
    }

    public mutating func aggregate(_ request: AggregateRequest) throws(ClientError) -> AggregateReply {
        try call("io.hdrlog.Aggregate", JSONValue(encoding: request).object ?? [:], as: AggregateReply.self)
    }

    public mutating func flows(_ request: FlowsRequest) throws(ClientError) -> FlowsReply {
        try call("io.hdrlog.Flows", JSONValue(encoding: request).object ?? [:], as: FlowsReply.self)
    }

    public mutating func counts(_ request: CountsRequest) throws(ClientError) -> CountsReply {
        try call("io.hdrlog.Counts", JSONValue(encoding: request).object ?? [:], as: CountsReply.self)
    }

    public mutating func config() throws(ClientError) -> ConfigReply {
        try call("io.hdrlog.Config", as: ConfigReply.self)
    }

    /// A method that takes and tells nothing: `Reload`, `Rotate`.
    public mutating func order(_ method: String) throws(ClientError) {
        _ = try call("\(Interface.name).\(method)", as: Nothing.self)
    }

    public mutating func vacuum(_ request: VacuumRequest) throws(ClientError) -> VacuumReply {
        try call("io.hdrlog.Vacuum", JSONValue(encoding: request).object ?? [:], as: VacuumReply.self)
    }

    /// Streams the records of a query.
    /// - Parameter each: gets the records of a reply, valid within the call only; false ends the query.
    /// - Returns: what the answer covers; nil when `each` ended it.
    public mutating func query(
        _ request: QueryRequest, _ each: (JSONLines) -> Bool
    ) throws(ClientError) -> Completeness? {
        try send("io.hdrlog.Query", JSONValue(encoding: request).object ?? [:], more: true)
        while try next() {
            let reply = try StreamedReply(reader.message)
            if let error = reply.error { throw .service(error) }
            guard reply.withRecords(each) else { return nil }
            if !reply.continues { return try reply.completeness() }
        }
        throw .service(.disconnected)
    }

    private func send(_ method: String, _ parameters: JSONObject, more: Bool) throws(ClientError) {
        var call: JSONObject = ["method": .string(method), "parameters": .object(parameters)]
        if more { call["more"] = .bool(true) }
        do {
            try socket.send(JSONValue.object(call).bytes + [0])
        } catch {
            // A server with too many clients answers before it is asked: its reply says more than EPIPE.
            guard error.code == EPIPE || error.code == ECONNRESET else {
                throw .system(path: path, problem: UnixSocket.message(error.code))
            }
        }
    }

    private mutating func next() throws(ClientError) -> Bool {
        do {
            return try reader.next(from: socket)
        } catch {
            if error.code == ECONNRESET { return false }
            throw .system(path: path, problem: UnixSocket.message(error.code))
        }
    }

    private static func check(_ reply: JSONValue) throws(ClientError) {
        guard let object = reply.object else { throw .garbled("not an object") }
        guard let name = object["error"]?.string else { return }
        throw .service(ServiceError(name: name, parameters: object["parameters"]?.object ?? [:]))
    }
}

/// The reply of a method that tells nothing.
private struct Nothing: Decodable {}
