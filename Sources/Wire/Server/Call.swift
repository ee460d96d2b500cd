/// One message of a client.
struct Call: Equatable {
    var method: String
    var parameters: JSONValue
    var more: Bool
    var oneway: Bool

    /// - Throws: `.none` behaviour is not defined by Varlink for text that is no call: the connection is closed then.
    init(_ message: [UInt8]) throws(CallError) {
        guard let object = (try? JSONValue(parsing: message))?.object else { throw .notACall }
        guard let method = object["method"]?.string else { throw .invalid("method") }
        self.method = method
        parameters = object["parameters"] ?? .null
        if parameters == .null { parameters = .object(JSONObject()) }
        guard parameters.object != nil else { throw .invalid("parameters") }
        more = try Self.flag("more", object)
        oneway = try Self.flag("oneway", object)
        guard try !Self.flag("upgrade", object) else { throw .invalid("upgrade") }
    }

    private static func flag(_ name: String, _ object: JSONObject) throws(CallError) -> Bool {
        switch object[name] {
        case nil, .null: return false
        case .bool(let value): return value
        default: throw .invalid(name)
        }
    }

    /// Reads the parameters of a method.
    func parameters<Value: Decodable>(as type: Value.Type) throws(ServiceError) -> Value {
        do {
            return try parameters.decoded(as: type)
        } catch {
            throw .invalidParameter(error.member)
        }
    }
}

enum CallError: Error, Equatable {
    /// Not a JSON object: nothing can be answered.
    case notACall
    case invalid(String)
}

/// The bytes of replies.
enum Reply {
    static func success(_ parameters: JSONValue) -> [UInt8] {
        message(["parameters": parameters])
    }

    static func failure(_ error: ServiceError) -> [UInt8] {
        message(["error": .string(error.name), "parameters": .object(error.parameters)])
    }

    /// Varlink's messages end with a NUL.
    private static func message(_ object: JSONObject) -> [UInt8] { JSONValue.object(object).bytes + [0] }
}
