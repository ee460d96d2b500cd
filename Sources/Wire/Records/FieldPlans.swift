internal import Records

/// How the chosen fields of a record become JSON members, for each kind of headers: made when the first record of the
/// kind comes, so that nothing is asked again of each record that all of its kind have in common.
///
/// A plan has steps, one for each field that a record of the kind may have. Fields that are the same in all of them are
/// text; so are the names.
struct FieldPlans: ~Copyable {
    /// One field of a record. Its text lies behind that of the step before.
    struct Step {
        enum Value: UInt8 {
            case number, boolean, mac, ipv4, ipv6
            case time, interface, noted
            case tcpOption
            case computed
        }

        let value: Value
        let field: Field
        let place: FieldPlace
        /// Bytes of text before the value.
        let text: UInt16
        /// Of these, how many are members of their own, there whether the field is or not.
        let constant: UInt16
    }

    struct Plan {
        let steps: UnsafeMutableBufferPointer<Step>
        /// Can be read 16 bytes beyond its end.
        let text: UnsafeMutableBufferPointer<UInt8>
        /// Bytes of text behind the last step: members that all records of the kind have.
        let rest: Int
    }

    private let fields: [Field]
    private let plans: UnsafeMutableBufferPointer<Plan?>

    init(_ fields: [Field]) {
        self.fields = fields
        plans = .allocate(capacity: HeaderKind.count)
        plans.initialize(repeating: nil)
    }

    deinit {
        for case .some(let plan) in plans {
            plan.steps.deallocate()
            plan.text.deallocate()
        }
        plans.deallocate()
    }

    /// Valid as long as the plans.
    @inline(__always)
    func plan(_ kind: HeaderKind) -> Plan { plans[kind.index] ?? make(kind) }

    @inline(never)
    private func make(_ kind: HeaderKind) -> Plan {
        var steps: [Step] = []
        var text: [UInt8] = []
        // Where the text begins that no step has yet.
        var start = 0
        for field in fields {
            let source = field.source(in: kind)
            if case .absent = source { continue }
            let constant = text.count - start
            text += "\"\(field.name)\":".utf8
            if case .constant(let value) = source {
                text += Self.text(value)
                continue
            }
            steps.append(
                Step(
                    value: Self.value(field, source, kind), field: field, place: Self.place(source),
                    text: UInt16(text.count - start), constant: UInt16(constant)))
            start = text.count
        }
        let plan = Plan(
            steps: .allocate(capacity: steps.count), text: .allocate(capacity: text.count + 16),
            rest: text.count - start)
        _ = plan.steps.initialize(from: steps)
        _ = plan.text.initialize(from: text + [UInt8](repeating: 0, count: 16))
        plans[kind.index] = plan
        return plan
    }

    private static func value(_ field: Field, _ source: FieldSource, _ kind: HeaderKind) -> Step.Value {
        switch source {
        case .noted: field == .time ? .time : field == .interface ? .interface : .noted
        case .tcpOption: .tcpOption
        case .place:
            switch field.type {
            case .mac: .mac
            case .address: kind.network == .ipv4 ? .ipv4 : .ipv6
            case .boolean: .boolean
            default: .number
            }
        case .absent, .constant, .computed: .computed
        }
    }

    private static func place(_ source: FieldSource) -> FieldPlace {
        if case .place(let place) = source { place } else { .none }
    }

    /// A member's value and the comma behind it.
    private static func text(_ value: FieldValue) -> [UInt8] {
        var writer = ByteWriter(capacity: 0)
        var pen = writer.pen(RecordJSONEncoder.roomForRecord)
        pen.json(value, InterfaceName())
        pen.byte(UInt8(ascii: ","))
        writer.take(pen)
        return Array(writer.bytes)
    }
}
