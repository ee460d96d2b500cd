/// `Codable` to `JSONValue`: so the message types are plain structs, without Foundation's coders.
///
/// Optional members that are nil are left out, as Varlink has it.
struct JSONWriter: Encoder {
    final class Node {
        var value: JSONValue = .null
        var children: [(key: String, node: Node)] = []
        var isObject = false
        var isArray = false

        func child(_ key: String) -> Node {
            let node = Node()
            children.append((key, node))
            return node
        }

        var result: JSONValue {
            if isArray { return .array(children.map(\.node.result)) }
            guard isObject else { return value }
            var object = JSONObject()
            for (key, node) in children { object.append(key, node.result) }
            return .object(object)
        }
    }

    let node: Node
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
        node.isObject = true
        return KeyedEncodingContainer(Keyed<Key>(node: node))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.isArray = true
        return Unkeyed(node: node)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: node) }

    /// Scalars by their kind; everything else encodes itself.
    static func encode(_ value: some Encodable, into node: Node) throws {
        switch value {
        case let value as Bool: node.value = .bool(value)
        case let value as String: node.value = .string(value)
        case let value as any BinaryInteger: node.value = .integer(Int64(clamping: value))
        case let value as any BinaryFloatingPoint: node.value = .number(Double(value))
        case let value as JSONValue: node.value = value
        default: try value.encode(to: JSONWriter(node: node))
        }
    }

    struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let node: Node
        var codingPath: [any CodingKey] { [] }

        func encodeNil(forKey key: Key) { node.child(key.stringValue).value = .null }
        func encode(_ value: some Encodable, forKey key: Key) throws {
            try JSONWriter.encode(value, into: node.child(key.stringValue))
        }
        func nestedContainer<Nested: CodingKey>(
            keyedBy: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            JSONWriter(node: node.child(key.stringValue)).container(keyedBy: Nested.self)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            JSONWriter(node: node.child(key.stringValue)).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { JSONWriter(node: node.child("super")) }
        func superEncoder(forKey key: Key) -> any Encoder { JSONWriter(node: node.child(key.stringValue)) }
    }

    struct Unkeyed: UnkeyedEncodingContainer {
        let node: Node
        var codingPath: [any CodingKey] { [] }
        var count: Int { node.children.count }

        func encodeNil() { node.child("").value = .null }
        func encode(_ value: some Encodable) throws { try JSONWriter.encode(value, into: node.child("")) }
        func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
            JSONWriter(node: node.child("")).container(keyedBy: Nested.self)
        }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            JSONWriter(node: node.child("")).unkeyedContainer()
        }
        func superEncoder() -> any Encoder { JSONWriter(node: node.child("")) }
    }

    struct Single: SingleValueEncodingContainer {
        let node: Node
        var codingPath: [any CodingKey] { [] }

        func encodeNil() { node.value = .null }
        func encode(_ value: some Encodable) throws { try JSONWriter.encode(value, into: node) }
    }
}

extension JSONValue {
    /// A message type's JSON form. Message types cannot fail to encode.
    public init(encoding value: some Encodable) {
        let node = JSONWriter.Node()
        do { try JSONWriter.encode(value, into: node) } catch { preconditionFailure("\(value): \(error)") }
        self = node.result
    }
}
