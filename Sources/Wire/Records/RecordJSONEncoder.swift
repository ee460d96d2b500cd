internal import CHdrlog
public import Records

/// Writes records as JSON objects, one behind the other, into a buffer that is used again: no allocation a record.
///
/// A member is there when the record has the field; names are `Field`'s. `,` between objects makes the elements
/// of a reply's `records`, a line feed makes JSON lines.
public struct RecordJSONEncoder: ~Copyable {
    /// What stands between two records.
    public enum Separator: UInt8, Sendable {
        case comma = 0x2C
        case lineFeed = 0x0A
    }

    /// The longest record: every field with its name, 40 bytes of either options twice over, all header bytes.
    private static let roomForRecord = 8192 + 16

    private var writer: ByteWriter
    private let fields: [Field]
    private let names: FieldNames
    private let plans: FieldPlans
    private var interface = InterfaceName()
    private let separator: Separator
    private let raw: Bool
    /// Records in the buffer.
    public private(set) var count = 0

    /// - Parameters:
    ///   - fields: the members that are wanted, in their order; nil for all.
    ///   - raw: adds `headers` and `linkType`.
    public init(fields: [Field]? = nil, raw: Bool = false, separator: Separator = .comma) {
        let chosen = fields ?? Field.allCases
        writer = ByteWriter(capacity: 1 << 17)
        self.fields = chosen
        names = FieldNames(chosen)
        plans = FieldPlans(chosen)
        self.separator = separator
        self.raw = raw
    }

    public var byteCount: Int { writer.count }

    /// The objects; valid until the encoder is changed.
    public var bytes: UnsafeRawBufferPointer { writer.bytes }

    public mutating func removeAll() {
        writer.removeAll()
        count = 0
    }

    /// - Parameter name: of the interface that the record tells by its index.
    public mutating func append(_ record: borrowing HeaderRecord, _ layout: HeaderLayout, interface name: String) {
        writer.reserve(Self.roomForRecord + interface.set(name))
        if count > 0 { writer.byte(separator.rawValue) }
        count += 1
        writer.byte(UInt8(ascii: "{"))
        let start = writer.count
        let strippedTag = record.metadata.vlan_tpid
        for index in plans.positions(layout, isTagged: layout.tagCount > 0 || strippedTag != 0) {
            guard let value = record.value(of: fields[index], layout) else { continue }
            names.write(index, into: &writer)
            append(value)
            writer.byte(UInt8(ascii: ","))
        }
        if raw { appendRaw(record) }
        if writer.count > start { writer.removeLast() }
        writer.byte(UInt8(ascii: "}"))
    }

    @inline(__always)
    private mutating func append(_ value: FieldValue) {
        switch value {
        case .integer(let number): writer.decimal(number)
        case .boolean(let flag): writer.text(flag ? "true" : "false")
        case .time(let time): writer.decimal(time)
        case .interface: interface.write(into: &writer)
        case .direction(let direction): writer.text(direction == .ingress ? "\"in\"" : "\"out\"")
        case .address(let address): quoted { $0.fill(IPAddress.maximumTextLength, address.write) }
        case .mac(let address): quoted { $0.fill(MACAddress.maximumTextLength, address.write) }
        case .bytes(let bytes): quoted { $0.hexadecimal(bytes) }
        case .list(let list): append(list)
        }
    }

    @inline(__always)
    private mutating func quoted(_ body: (inout ByteWriter) -> Void) {
        writer.byte(UInt8(ascii: "\""))
        body(&writer)
        writer.byte(UInt8(ascii: "\""))
    }

    private mutating func append(_ list: ProtocolList) {
        writer.byte(UInt8(ascii: "["))
        for index in list.indices {
            if index > 0 { writer.byte(UInt8(ascii: ",")) }
            writer.decimal(UInt64(list[index]))
        }
        writer.byte(UInt8(ascii: "]"))
    }

    private mutating func appendRaw(_ record: borrowing HeaderRecord) {
        writer.text("\"linkType\":")
        writer.decimal(UInt64(record.metadata.link_type))
        writer.text(",\"headers\":")
        let bytes = record.bytes
        quoted { $0.hexadecimal(bytes) }
        writer.byte(UInt8(ascii: ","))
    }
}

/// `"name":` of each chosen field, in one buffer.
private final class FieldNames: Sendable {
    private let bytes: [UInt8]
    private let ends: [Int]

    init(_ fields: [Field]) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for field in fields {
            bytes += "\"\(field.name)\":".utf8
            ends.append(bytes.count)
        }
        // Room to copy beyond the last one.
        (self.bytes, self.ends) = (bytes + [UInt8](repeating: 0, count: 16), ends)
    }

    @inline(__always)
    func write(_ index: Int, into writer: inout ByteWriter) {
        let start = index == 0 ? 0 : ends[index - 1]
        bytes.withUnsafeBufferPointer { writer.copyInSteps($0.baseAddress! + start, ends[index] - start) }
    }
}

/// The latest interface's name as JSON: records of one interface come in runs.
private struct InterfaceName {
    private var text = ""
    private var quoted = Array("\"\"".utf8)

    /// Bytes of the name as it is written.
    @inline(__always)
    mutating func set(_ name: String) -> Int {
        if name != text { (text, quoted) = (name, JSONValue.string(name).bytes) }
        return quoted.count
    }

    @inline(__always)
    func write(into writer: inout ByteWriter) {
        quoted.withUnsafeBufferPointer { writer.copy($0.baseAddress!, $0.count) }
    }
}
