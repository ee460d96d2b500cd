internal import CHdrlog
internal import Records

/// Group keys of a block's flows, from class, addresses and ports.
struct FlowGroups {
    private let fields: [Field]
    private let ends: FlowEnds?
    private let shapes: [HeaderShape]
    /// Class by class, one a field; addresses and ports among them tell only whether there are any.
    private var values: [FieldValue?] = []
    private let names: [UInt32: String]

    /// - Parameter hasEnds: the block's ends were read.
    init(_ hot: HotBlock, _ fields: [Field], hasEnds: Bool) {
        self.fields = fields
        ends = hasEnds ? hot.ends : nil
        shapes = hot.classes.entries.map(\.shape)
        names = hot.names
        guard !fields.isEmpty else { return }
        for entry in hot.classes.entries {
            var metadata = FlowKeyBytes.metadata(entry.key)
            metadata.frame_length = UInt32(Int32.max)
            let bytes = UnsafeRawBufferPointer(rebasing: entry.key[FlowKeyBytes.prefix...])
            let record = HeaderRecord(time: 0, metadata: metadata, bytes: bytes)
            let layout = HeaderLayout(record)
            for field in fields { values.append(record.value(of: field, layout)) }
        }
    }

    func append(classNumber: Int, to key: GroupKey) {
        for index in fields.indices { key.append(values[classNumber * fields.count + index], names) }
    }

    func append(flow: Int, to key: GroupKey) {
        let entry = ends!.entries[flow]
        let shape = shapes[Int(entry.classNumber)]
        let row = Int(entry.classNumber) * fields.count
        for index in fields.indices {
            switch fields[index] {
            case .source where shape.network != .other: key.append(ends!.address(entry.source, shape))
            case .destination where shape.network != .other: key.append(ends!.address(entry.destination, shape))
            case .sourcePort where shape.ports && values[row + index] != nil: key.append(port: entry.sourcePort)
            case .destinationPort where shape.ports && values[row + index] != nil:
                key.append(port: entry.destinationPort)
            default: key.append(values[row + index], names)
            }
        }
    }
}

extension Field {
    /// Whether all records of a stored class have the same value.
    var isClassField: Bool {
        switch self {
        case .sourceMac, .destinationMac, .source, .destination, .flowLabel, .sourcePort, .destinationPort: false
        default: isFlowField
        }
    }

    /// Whether class, addresses and ports give the value.
    var isEndField: Bool {
        switch self {
        case .source, .destination, .sourcePort, .destinationPort: true
        default: isClassField
        }
    }
}
