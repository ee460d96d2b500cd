/// `JSONValue` to `Codable`. Members that a type does not know are skipped: interfaces only grow.
struct JSONReader: Decoder {
    let value: JSONValue
    var codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else { throw mismatch("an object") }
        return KeyedDecodingContainer(Keyed<Key>(object: object, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let values) = value else { throw mismatch("an array") }
        return Unkeyed(values: values, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Single(reader: self) }

    func mismatch(_ expected: String) -> DecodingError {
        .typeMismatch(
            JSONValue.self, DecodingError.Context(codingPath: codingPath, debugDescription: "expected \(expected)"))
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        switch type {
        case is JSONValue.Type: return value as! Value
        case is Bool.Type:
            guard case .bool(let bool) = value else { throw mismatch("a boolean") }
            return bool as! Value
        case is String.Type:
            guard case .string(let string) = value else { throw mismatch("a string") }
            return string as! Value
        case is Double.Type: return try number() as! Value
        case let type as any FixedWidthInteger.Type: return try integer(type) as! Value
        default: return try Value(from: self)
        }
    }

    private func number() throws -> Double {
        switch value {
        case .number(let number): return number
        case .integer(let integer): return Double(integer)
        default: throw mismatch("a number")
        }
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        guard case .integer(let integer) = value, let number = Number(exactly: integer) else {
            throw mismatch("an integer from \(Number.min) to \(Number.max)")
        }
        return number
    }

    struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let object: JSONObject
        let codingPath: [any CodingKey]
        var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.key) } }

        func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }
        func decodeNil(forKey key: Key) throws -> Bool { object[key.stringValue] == .null }
        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try reader(key).decode(type)
        }
        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try reader(key).container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try reader(key).unkeyedContainer()
        }
        func superDecoder() throws -> any Decoder { JSONReader(value: .object(object), codingPath: codingPath) }
        func superDecoder(forKey key: Key) throws -> any Decoder { try reader(key) }

        private func reader(_ key: Key) throws -> JSONReader {
            guard let value = object[key.stringValue] else {
                throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "missing"))
            }
            return JSONReader(value: value, codingPath: codingPath + [key])
        }
    }

    struct Unkeyed: UnkeyedDecodingContainer {
        let values: [JSONValue]
        let codingPath: [any CodingKey]
        var currentIndex = 0
        var count: Int? { values.count }
        var isAtEnd: Bool { currentIndex == values.count }

        init(values: [JSONValue], codingPath: [any CodingKey]) {
            self.values = values
            self.codingPath = codingPath
        }

        mutating func decodeNil() throws -> Bool {
            guard !isAtEnd, values[currentIndex] == .null else { return false }
            currentIndex += 1
            return true
        }
        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }
        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> {
            try next().container(keyedBy: type)
        }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try next().unkeyedContainer()
        }
        mutating func superDecoder() throws -> any Decoder { try next() }

        private mutating func next() throws -> JSONReader {
            guard !isAtEnd else { throw JSONReader(value: .null, codingPath: codingPath).mismatch("another element") }
            defer { currentIndex += 1 }
            return JSONReader(value: values[currentIndex], codingPath: codingPath)
        }
    }

    struct Single: SingleValueDecodingContainer {
        let reader: JSONReader
        var codingPath: [any CodingKey] { reader.codingPath }
        func decodeNil() -> Bool { reader.value == .null }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try reader.decode(type) }
    }
}

extension JSONValue {
    /// Reads a message type.
    /// - Throws: the dotted path of the member that is missing or of another type.
    public func decoded<Value: Decodable>(as type: Value.Type) throws(MessageError) -> Value {
        do {
            return try JSONReader(value: self, codingPath: []).decode(type)
        } catch let error as DecodingError {
            throw MessageError(error)
        } catch {
            throw MessageError(member: "", problem: "\(error)")
        }
    }
}

/// A member of a message that is missing or of another type.
public struct MessageError: Error, Equatable, Sendable {
    /// Dotted path; empty for the message itself.
    public var member: String
    public var problem: String

    init(member: String, problem: String) {
        self.member = member
        self.problem = problem
    }

    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context): self.init(context.codingPath + [key], context)
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            self.init(context.codingPath, context)
        @unknown default: self.init(member: "", problem: "\(error)")
        }
    }

    private init(_ path: [any CodingKey], _ context: DecodingError.Context) {
        self.init(member: path.map(\.stringValue).joined(separator: "."), problem: context.debugDescription)
    }
}
