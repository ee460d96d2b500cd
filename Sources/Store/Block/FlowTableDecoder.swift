internal import CHdrlog
internal import Records

/// The header bytes of a block's flows, cleared where records differ: put together when a flow is first asked for.
final class FlowTable {
    /// What a flow has beside its ends.
    struct Entry {
        var relation: FlowState.Relation
        /// The flow that it is related to.
        var other: UInt32 = 0
        /// Where the flow label lies in memory.
        var label: UInt32 = 0
        var link = Link()
        /// Where the header bytes lie in the arena, 0 while they have not been asked for.
        var template: UInt32 = 0
    }

    /// Where a MAC pair lies in memory, and whether it is exchanged.
    struct Link {
        var place: UInt32 = .max
        var isSwapped = false
    }

    /// What the flows of a class have in common.
    private struct Form {
        var shape: HeaderShape
        var metadata: hdrlog_record
        var template: UnsafeRawBufferPointer
        var hasLink: Bool
    }

    let count: Int
    private let ends: FlowEnds
    private let entries: UnsafeMutablePointer<Entry>
    private let forms: UnsafeMutablePointer<Form>
    /// Its keys are what the forms' templates point to.
    private let classes: ClassTable
    private let memory = ByteBuffer(capacity: 1 << 14)
    private let arena = ByteBuffer(capacity: 1 << 14)

    /// - Parameters:
    ///   - cursor: at the flow table.
    ///   - ends: read from the same one.
    init(
        _ cursor: inout ByteCursor, _ ends: FlowEnds, _ classes: ClassTable, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        (self.ends, self.classes, count) = (ends, classes, ends.count)
        entries = .allocate(capacity: max(count, 1))
        forms = .allocate(capacity: max(classes.entries.count, 1))
        for (number, entry) in classes.entries.enumerated() {
            let form = Form(
                shape: entry.shape, metadata: FlowKeyBytes.metadata(entry.key),
                template: UnsafeRawBufferPointer(rebasing: entry.key[FlowKeyBytes.prefix...]),
                hasLink: FlowKeyBytes.hasLink(entry.key))
            (forms + number).initialize(to: form)
        }
        // Something lies before the first template, whose place would be 0 otherwise.
        arena.append(UInt64(0))
        for _ in 0..<FlowPart.endCount { try CompressedStream.skip(&cursor) }
        let labels = try CompressedStream.take(&cursor, to: memory, decompressor)
        let numbers = try CompressedStream.take(&cursor, to: memory, decompressor)
        _ = try cursor.take(UInt32.self)
        let links = try CompressedStream.take(&cursor, to: memory, decompressor)
        guard fill(labels, numbers, links) else { throw ByteCursor.Exhausted() }
    }

    deinit {
        entries.deallocate()
        forms.deallocate()
    }

    /// What the ends did not need of the control bytes, labels and MAC pairs.
    private func fill(_ labels: Range<Int>, _ numbers: Range<Int>, _ links: Range<Int>) -> Bool {
        var control = ends.control
        var numbers = StreamReader(UnsafeRawPointer(memory.base), numbers)
        var label = labels.lowerBound
        for flow in 0..<count {
            let head = control.byte()
            let number = Int(control.variable())
            // The ends have found control bytes, classes and relations sound.
            var entry = Entry(relation: FlowState.Relation(rawValue: head & 3) ?? .none)
            if entry.relation != .none { entry.other = UInt32(truncatingIfNeeded: flow &- Int(control.variable())) }
            if forms[number].shape.network == .ipv6 {
                entry.label = UInt32(truncatingIfNeeded: label)
                label &+= 3
            }
            if forms[number].hasLink {
                if head >> 2 != 0 {
                    let place = links.lowerBound &+ 12 &* Int(numbers.variable())
                    guard place &+ 12 <= links.upperBound else { return false }
                    entry.link.place = UInt32(truncatingIfNeeded: place)
                } else if entry.relation != .none {
                    entry.link = entries[Int(entry.other)].link
                    if entry.relation == .reverse { entry.link.isSwapped.toggle() }
                }
            }
            (entries + flow).initialize(to: entry)
        }
        return label <= labels.upperBound
    }

    @inline(__always)
    private func form(_ flow: Int) -> UnsafeMutablePointer<Form> { forms + Int(ends.entries[flow].classNumber) }

    @inline(__always)
    func shape(_ flow: Int) -> HeaderShape { form(flow).pointee.shape }

    /// Metadata of the flow's records; what varies is 0.
    @inline(__always)
    func metadata(_ flow: Int) -> hdrlog_record { form(flow).pointee.metadata }

    /// The flow that a flow is related to, itself without one.
    @inline(__always)
    func related(_ flow: Int) -> (FlowState.Relation, other: Int) {
        (entries[flow].relation, Int(entries[flow].other))
    }

    /// - Returns: header bytes, valid until the next call.
    @inline(__always)
    func template(_ flow: Int) -> UnsafeRawBufferPointer {
        if entries[flow].template == 0 { build(flow) }
        return UnsafeRawBufferPointer(
            start: arena.base + Int(entries[flow].template), count: form(flow).pointee.shape.fixedLength)
    }

    private func build(_ flow: Int) {
        let (form, entry, end) = (form(flow).pointee, entries[flow], ends.entries[flow])
        entries[flow].template = UInt32(truncatingIfNeeded: arena.count)
        arena.append(form.template)
        let bytes = arena.base + (arena.count - form.template.count)
        if entry.link.place != .max {
            let from = memory.base + Int(entry.link.place)
            bytes.copyMemory(from: from + (entry.link.isSwapped ? 6 : 0), byteCount: 6)
            (bytes + 6).copyMemory(from: from + (entry.link.isSwapped ? 0 : 6), byteCount: 6)
        }
        guard form.shape.network != .other else { return }
        if form.shape.network == .ipv6 {
            (bytes + form.shape.networkOffset + 1).copyMemory(from: memory.base + Int(entry.label), byteCount: 3)
        }
        let (offset, width) = form.shape.addresses
        ends.copyAddress(end.source, width, to: bytes + offset)
        ends.copyAddress(end.destination, width, to: bytes + offset + width)
        guard form.shape.ports else { return }
        let ports = bytes + form.shape.transportOffset
        ports.storeBytes(of: end.sourcePort.bigEndian, as: UInt16.self)
        ports.storeBytes(of: end.destinationPort.bigEndian, toByteOffset: 2, as: UInt16.self)
    }
}

extension StreamReader {
    mutating func variable() -> UInt32 {
        var value: UInt32 = 0
        var shift: UInt32 = 0
        while shift < 35 {
            let next = byte()
            value |= UInt32(next & 0x7F) << shift
            if next < 0x80 { break }
            shift &+= 7
        }
        return value
    }
}
