internal import CHdrlog
public import Records

/// Writes records as JSON objects, one behind the other, into a buffer that is used again: no allocation a record.
///
/// A member is there when the record has the field; names are `Field`'s.
public struct RecordJSONEncoder: ~Copyable {
    public enum Form: Sendable {
        /// The elements of a reply's `records`: a comma between two objects.
        case elements
        /// A line feed behind each object.
        case lines
    }

    /// The longest record: every field with its name, 40 bytes of either options twice over, all header bytes.
    static let roomForRecord = 8192 + 16

    private var writer: ByteWriter
    private let plans: FieldPlans
    private var interface = InterfaceName()
    private let form: Form
    private let raw: Bool
    /// Where each object ends, without what stands behind it.
    private var ends: [Int] = []

    /// - Parameters:
    ///   - fields: the members that are wanted, in their order; nil for all.
    ///   - raw: adds `headers` and `linkType`.
    public init(fields: [Field]? = nil, raw: Bool = false, as form: Form = .elements) {
        writer = ByteWriter(capacity: 1 << 17)
        plans = FieldPlans(fields ?? Field.allCases)
        self.form = form
        self.raw = raw
    }

    /// Records in the buffer.
    public var count: Int { ends.count }

    public var byteCount: Int { writer.count }

    /// The objects; valid until the encoder is changed.
    public var bytes: UnsafeRawBufferPointer { writer.bytes }

    /// Lends out the objects of an encoder of lines.
    public func withLines<Problem>(_ body: (JSONLines) throws(Problem) -> Void) throws(Problem) {
        precondition(form == .lines, "there are commas between the objects")
        let bytes = writer.bytes
        try ends.withUnsafeBufferPointer { ends throws(Problem) in try body(JSONLines(bytes, ends: ends)) }
    }

    public mutating func removeAll() {
        writer.removeAll()
        ends.removeAll(keepingCapacity: true)
    }

    /// - Parameter name: of the interface that the record tells by its index.
    public mutating func append(_ record: borrowing HeaderRecord, _ layout: HeaderLayout, interface name: String) {
        var pen = writer.pen(Self.roomForRecord + interface.set(name))
        if form == .elements, count > 0 { pen.byte(UInt8(ascii: ",")) }
        pen.byte(UInt8(ascii: "{"))
        let start = pen
        appendFields(record, layout, &pen)
        if raw { appendRaw(record, &pen) }
        // Behind each member is a comma.
        if pen.place > start.place { pen.goBack(to: pen, plus: -1) }
        pen.byte(UInt8(ascii: "}"))
        ends.append(writer.offset(of: pen))
        if form == .lines { pen.byte(UInt8(ascii: "\n")) }
        writer.take(pen)
    }

    @inline(__always)
    private func appendFields(_ record: borrowing HeaderRecord, _ layout: HeaderLayout, _ pen: inout Pen) {
        let kind = HeaderKind(record, layout)
        let plan = plans.plan(kind)
        let places = PlaceReader(record, layout)
        let options = kind.hasTCPOptions ? record.tcpOptionBytes(layout).map { TCPOptions($0) } : nil
        var text = UnsafePointer(plan.text.baseAddress!)
        for step in plan.steps {
            let before = pen
            pen.copyInSteps(text, Int(step.text))
            text += Int(step.text)
            let isThere =
                switch step.value {
                case .number: pen.number(places.integer(step.place))
                case .boolean: pen.boolean(places.integer(step.place))
                case .mac: pen.mac(places.mac(step.place))
                case .ipv4: pen.address(places.address(step.place, .v4))
                case .ipv6: pen.address(places.address(step.place, .v6))
                case .time: pen.time(record.time)
                case .interface: pen.interface(interface)
                case .noted: pen.json(record.noted(step.field), interface)
                case .tcpOption: pen.json(options?.value(of: step.field), interface)
                case .computed: pen.json(record.value(of: step.field, layout), interface)
                }
            if isThere { pen.byte(UInt8(ascii: ",")) } else { pen.goBack(to: before, plus: Int(step.constant)) }
        }
        if plan.rest > 0 { pen.copyInSteps(text, plan.rest) }
    }

    private func appendRaw(_ record: borrowing HeaderRecord, _ pen: inout Pen) {
        pen.text("\"linkType\":")
        pen.decimal(UInt64(record.metadata.link_type))
        pen.text(",\"headers\":")
        pen.json(.bytes(record.bytes), interface)
        pen.byte(UInt8(ascii: ","))
    }
}

/// Values as JSON; each of these tells whether there was one.
extension Pen {
    @inline(__always)
    mutating func json(_ value: FieldValue?, _ interface: borrowing InterfaceName) -> Bool {
        guard let value else { return false }
        json(value, interface)
        return true
    }

    @inline(__always)
    mutating func json(_ value: FieldValue, _ interface: borrowing InterfaceName) {
        switch value {
        case .integer(let number): decimal(number)
        case .boolean(let flag): boolean(flag)
        case .time(let time): decimal(time)
        case .interface: interface.write(with: &self)
        case .direction(let direction): text(direction == .ingress ? "\"in\"" : "\"out\"")
        case .address(let address): quoted { $0.fill(IPAddress.maximumTextLength, address.write) }
        case .mac(let address): quoted { $0.fill(MACAddress.maximumTextLength, address.write) }
        case .bytes(let bytes): quoted { $0.hexadecimal(bytes) }
        case .list(let list): json(list)
        }
    }

    @inline(__always)
    mutating func number(_ value: UInt32?) -> Bool {
        guard let value else { return false }
        decimal(UInt64(value))
        return true
    }

    @inline(__always)
    mutating func boolean(_ value: UInt32?) -> Bool {
        guard let value else { return false }
        boolean(value != 0)
        return true
    }

    @inline(__always)
    mutating func mac(_ address: MACAddress?) -> Bool {
        guard let address else { return false }
        quoted { $0.fill(MACAddress.maximumTextLength, address.write) }
        return true
    }

    @inline(__always)
    mutating func address(_ address: IPAddress?) -> Bool {
        guard let address else { return false }
        quoted { $0.fill(IPAddress.maximumTextLength, address.write) }
        return true
    }

    @inline(__always)
    mutating func time(_ time: Int64) -> Bool {
        decimal(time)
        return true
    }

    @inline(__always)
    mutating func interface(_ name: borrowing InterfaceName) -> Bool {
        name.write(with: &self)
        return true
    }

    @inline(__always)
    private mutating func boolean(_ flag: Bool) { if flag { text("true") } else { text("false") } }

    @inline(__always)
    private mutating func quoted(_ body: (inout Pen) -> Void) {
        byte(UInt8(ascii: "\""))
        body(&self)
        byte(UInt8(ascii: "\""))
    }

    private mutating func json(_ list: ProtocolList) {
        byte(UInt8(ascii: "["))
        for index in list.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            decimal(UInt64(list[index]))
        }
        byte(UInt8(ascii: "]"))
    }
}

/// The latest interface's name as JSON: records of one interface come in runs.
struct InterfaceName {
    private var text = ""
    private var quoted = Array("\"\"".utf8)

    /// Bytes of the name as it is written.
    @inline(__always)
    mutating func set(_ name: String) -> Int {
        if name != text { (text, quoted) = (name, JSONValue.string(name).bytes) }
        return quoted.count
    }

    @inline(__always)
    func write(with pen: inout Pen) {
        quoted.withUnsafeBufferPointer { pen.copy($0.baseAddress!, $0.count) }
    }
}
