/// What a method can answer instead of a result; each but the last is a Varlink error.
public enum ServiceError: Error, Equatable, Sendable {
    case invalidFilter(position: Int, found: String, expected: String, hint: String)
    case invalidTime(problem: String)
    case permissionDenied(needed: String)
    /// `limit` is the setting's name.
    case limitExceeded(limit: String, maximum: Int)
    case unavailable(problem: String)
    case invalidParameter(String)
    case interfaceNotFound(String)
    case methodNotFound(String)
    case methodNotImplemented(String)
    case expectedMore
    /// The other side is gone: there is nobody to answer to.
    case disconnected
    /// An error of a later version.
    case other(name: String, parameters: String)

    /// The qualified name.
    public var name: String {
        switch self {
        case .invalidFilter: "io.hdrlog.InvalidFilter"
        case .invalidTime: "io.hdrlog.InvalidTime"
        case .permissionDenied: "io.hdrlog.PermissionDenied"
        case .limitExceeded: "io.hdrlog.LimitExceeded"
        case .unavailable, .disconnected: "io.hdrlog.Unavailable"
        case .invalidParameter: "org.varlink.service.InvalidParameter"
        case .interfaceNotFound: "org.varlink.service.InterfaceNotFound"
        case .methodNotFound: "org.varlink.service.MethodNotFound"
        case .methodNotImplemented: "org.varlink.service.MethodNotImplemented"
        case .expectedMore: "org.varlink.service.ExpectedMore"
        case .other(let name, _): name
        }
    }

    var parameters: JSONObject {
        switch self {
        case .invalidFilter(let position, let found, let expected, let hint):
            [
                "position": .integer(Int64(position)), "found": .string(found), "expected": .string(expected),
                "hint": .string(hint),
            ]
        case .invalidTime(let problem), .unavailable(let problem): ["problem": .string(problem)]
        case .permissionDenied(let needed): ["needed": .string(needed)]
        case .limitExceeded(let limit, let maximum): ["limit": .string(limit), "maximum": .integer(Int64(maximum))]
        case .invalidParameter(let parameter): ["parameter": .string(parameter)]
        case .interfaceNotFound(let interface): ["interface": .string(interface)]
        case .methodNotFound(let method), .methodNotImplemented(let method): ["method": .string(method)]
        case .expectedMore: [:]
        case .disconnected: ["problem": "disconnected"]
        case .other: [:]
        }
    }

    /// The error of a reply.
    init(name: String, parameters: JSONObject) {
        func text(_ key: String) -> String { parameters[key]?.string ?? "" }
        func number(_ key: String) -> Int { Int(parameters[key]?.integer ?? 0) }
        self =
            switch name {
            case "io.hdrlog.InvalidFilter":
                .invalidFilter(
                    position: number("position"), found: text("found"), expected: text("expected"), hint: text("hint"))
            case "io.hdrlog.InvalidTime": .invalidTime(problem: text("problem"))
            case "io.hdrlog.PermissionDenied": .permissionDenied(needed: text("needed"))
            case "io.hdrlog.LimitExceeded": .limitExceeded(limit: text("limit"), maximum: number("maximum"))
            case "io.hdrlog.Unavailable": .unavailable(problem: text("problem"))
            case "org.varlink.service.InvalidParameter": .invalidParameter(text("parameter"))
            case "org.varlink.service.InterfaceNotFound": .interfaceNotFound(text("interface"))
            case "org.varlink.service.MethodNotFound": .methodNotFound(text("method"))
            case "org.varlink.service.MethodNotImplemented": .methodNotImplemented(text("method"))
            case "org.varlink.service.ExpectedMore": .expectedMore
            default: .other(name: name, parameters: JSONValue.object(parameters).text)
            }
    }
}

extension ServiceError: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        switch self {
        case .invalidFilter(let position, let found, let expected, let hint):
            "filter, column \(position): " + (found.isEmpty ? "the expression ends" : "found \"\(found)\"")
                + ", expected \(expected)" + (hint.isEmpty ? "" : " (\(hint))")
        case .invalidTime(let problem): "time: \(problem)"
        case .permissionDenied(let needed): "permission denied: \(needed)"
        case .limitExceeded(let limit, let maximum): "the daemon's limit \(limit) = \(maximum) is reached"
        case .unavailable(let problem): "the daemon cannot answer: \(problem)"
        case .invalidParameter(let parameter): "the daemon does not accept the parameter \"\(parameter)\""
        case .interfaceNotFound(let interface): "the daemon has no interface \(interface)"
        case .methodNotFound(let method): "the daemon has no method \(method); is it older than this client?"
        case .methodNotImplemented(let method): "the daemon does not offer \(method)"
        case .expectedMore: "the method needs \"more\""
        case .disconnected: "the connection ended"
        case .other(let name, let parameters): "\(name) \(parameters)"
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (key, value) in elements { append(key, value) }
    }
}

extension JSONValue: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
}
