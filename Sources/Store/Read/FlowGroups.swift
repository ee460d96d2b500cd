internal import CHdrlog
internal import Records

/// Group keys of a block's flows, from class, addresses and ports.
struct FlowGroups {
    private let fields: [Field]
    private let ends: FlowEnds?
    /// Class by class.
    private var templates: [Template] = []

    /// A class's key with room for what differs from flow to flow.
    private struct Template {
        var key: [UInt8] = []
        var head: GroupKey.Head = (0, 0, 0)
        /// Where these have to be written; nil where they are not asked for, or are not there.
        var source: Int?
        var destination: Int?
        var sourcePort: Int?
        var destinationPort: Int?
        var isShort: Bool
    }

    /// - Parameters:
    ///   - hasEnds: the block's ends were read.
    ///   - bucket: whether keys begin with one.
    init(_ hot: HotBlock, _ fields: [Field], hasEnds: Bool, hasBucket: Bool) {
        self.fields = fields
        ends = hasEnds ? hot.ends : nil
        guard !fields.isEmpty else { return }
        let key = GroupKey()
        for entry in hot.classes.entries { templates.append(template(entry, hot.names, key, hasBucket)) }
    }

    private func template(
        _ entry: ClassTable.Entry, _ names: [UInt32: String], _ key: GroupKey, _ hasBucket: Bool
    ) -> Template {
        var metadata = FlowKeyBytes.metadata(entry.key)
        metadata.frame_length = UInt32(Int32.max)
        let bytes = UnsafeRawBufferPointer(rebasing: entry.key[FlowKeyBytes.prefix...])
        let record = HeaderRecord(time: 0, metadata: metadata, bytes: bytes)
        let layout = HeaderLayout(record)
        var template = Template(isShort: entry.shape.network == .ipv4)
        key.begin(bucket: hasBucket ? 0 : nil)
        for field in fields {
            // Behind the byte that tells the value's kind.
            let place = key.buffer.count + 1
            let value = record.value(of: field, layout)
            key.append(value, names)
            switch field {
            case .source where entry.shape.network != .other: template.source = place
            case .destination where entry.shape.network != .other: template.destination = place
            case .sourcePort where entry.shape.ports && value != nil: template.sourcePort = place
            case .destinationPort where entry.shape.ports && value != nil: template.destinationPort = place
            default: break
            }
        }
        template.key = Array(key.buffer.bytes)
        template.head = key.head
        return template
    }

    /// The key of a class whose flows are one group.
    func write(classNumber: Int, _ bucket: Int64?, to key: GroupKey) {
        templates[classNumber].key.withUnsafeBytes { key.replace($0) }
        if let bucket { key.buffer.base.storeBytes(of: bucket, as: Int64.self) }
    }

    /// Adds a flow's sums to its group.
    @inline(__always)
    func add(flow: Int, _ bucket: Int64?, _ sums: AggregateSums, to table: GroupTable, _ key: GroupKey) {
        let entry = ends!.entries[flow]
        templates.withUnsafeBufferPointer { templates in
            let template = templates.baseAddress! + Int(entry.classNumber)
            let count = template.pointee.key.count
            if count <= GroupKey.inlineCount {
                let bytes = table.nextKey(template.pointee.head, count, sums)
                fill(bytes, template, entry, bucket)
                table.commitKey()
            } else {
                template.pointee.key.withUnsafeBytes { key.replace($0) }
                fill(key.buffer.base, template, entry, bucket)
                table.add(key, sums)
            }
        }
    }

    @inline(__always)
    private func fill(
        _ bytes: UnsafeMutableRawPointer, _ template: UnsafePointer<Template>, _ entry: FlowEnds.Entry, _ bucket: Int64?
    ) {
        if let bucket { bytes.storeBytes(of: bucket, as: Int64.self) }
        let ends = ends!
        if let place = template.pointee.source {
            ends.write(entry.source, isShort: template.pointee.isShort, to: bytes + place)
        }
        if let place = template.pointee.destination {
            ends.write(entry.destination, isShort: template.pointee.isShort, to: bytes + place)
        }
        if let place = template.pointee.sourcePort {
            bytes.storeBytes(of: UInt64(entry.sourcePort), toByteOffset: place, as: UInt64.self)
        }
        if let place = template.pointee.destinationPort {
            bytes.storeBytes(of: UInt64(entry.destinationPort), toByteOffset: place, as: UInt64.self)
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
