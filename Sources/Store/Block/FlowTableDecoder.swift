internal import CHdrlog

/// A block's flows, rebuilt: for each the key bytes (see `FlowKeyBytes`), its shape, and the flow that it is related to.
struct FlowTable {
    struct Entry {
        /// Where the key begins in `arena`.
        var start: Int
        var count: Int
        var shape: HeaderShape
        var relation: FlowState.Relation
        var other: Int
    }

    private(set) var entries: [Entry] = []
    private let arena = ByteBuffer(capacity: 1 << 14)

    /// Header bytes of the flow, cleared where records differ.
    func template(_ flow: Int) -> UnsafeRawBufferPointer {
        let entry = entries[flow]
        return UnsafeRawBufferPointer(
            start: arena.base + entry.start + FlowKeyBytes.prefix, count: entry.count - FlowKeyBytes.prefix)
    }

    func key(_ flow: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: arena.base + entries[flow].start, count: entries[flow].count)
    }

    init(
        _ cursor: inout ByteCursor, count: Int, _ classes: ClassTable, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        var reader = try FlowTableReader(&cursor, classes, decompressor)
        entries.reserveCapacity(count)
        for flow in 0..<count { try add(flow, &reader) }
    }

    private mutating func add(_ flow: Int, _ reader: inout FlowTableReader) throws(ByteCursor.Exhausted) {
        let control = reader.control.byte()
        guard let relation = FlowState.Relation(rawValue: control & 3) else { throw ByteCursor.Exhausted() }
        let (common, shape) = try reader.common(Int(reader.control.variable()))
        var other = 0
        if relation != .none {
            other = flow - Int(reader.control.variable())
            guard other >= 0, other < flow, entries[other].shape.code == shape.code else {
                throw ByteCursor.Exhausted()
            }
        }
        let start = arena.count
        arena.append(common)
        entries.append(Entry(start: start, count: common.count, shape: shape, relation: relation, other: other))
        try fillLink(flow, explicit: control >> 2 != 0, &reader)
        fillNetwork(flow, &reader)
    }

    private func fillLink(_ flow: Int, explicit: Bool, _ reader: inout FlowTableReader) throws(ByteCursor.Exhausted) {
        let entry = entries[flow]
        guard FlowKeyBytes.hasLink(key(flow)) else { return }
        let target = arena.base + entry.start + FlowKeyBytes.prefix
        if explicit {
            target.copyMemory(from: try reader.nextLink(), byteCount: 12)
        } else if entry.relation != .none, FlowKeyBytes.hasLink(key(entry.other)) {
            LinkBytes.write(of: key(entry.other), swapped: entry.relation == .reverse, to: target)
        }
    }

    private func fillNetwork(_ flow: Int, _ reader: inout FlowTableReader) {
        let entry = entries[flow]
        guard entry.shape.network != .other else { return }
        let bytes = arena.base + entry.start + FlowKeyBytes.prefix
        if entry.shape.network == .ipv6 { reader.labels.copy(3, to: bytes + entry.shape.networkOffset + 1) }
        let (offset, width) = entry.shape.addresses
        let ports = entry.shape.ports ? entry.shape.transportOffset : nil
        guard entry.relation == .none else { return fillRelated(entry, bytes, offset, width, ports) }
        reader.copyAddresses(width, to: bytes + offset)
        guard let ports else { return }
        reader.sourcePorts.copy(2, to: bytes + ports)
        reader.destinationPorts.copy(2, to: bytes + ports + 2)
    }

    private func fillRelated(
        _ entry: Entry, _ bytes: UnsafeMutableRawPointer, _ offset: Int, _ width: Int, _ ports: Int?
    ) {
        let other = entries[entry.other]
        let from = arena.base + other.start + FlowKeyBytes.prefix
        let swapped = entry.relation == .reverse
        let address = from + other.shape.addresses.offset
        (bytes + offset).copyMemory(from: address + (swapped ? width : 0), byteCount: width)
        (bytes + offset + width).copyMemory(from: address + (swapped ? 0 : width), byteCount: width)
        guard let ports else { return }
        let port = from + other.shape.transportOffset
        (bytes + ports).copyMemory(from: port + (swapped ? 2 : 0), byteCount: 2)
        (bytes + ports + 2).copyMemory(from: port + (swapped ? 0 : 2), byteCount: 2)
    }
}

/// The columns of a flow table while it is rebuilt.
struct FlowTableReader {
    private let memory = ByteBuffer(capacity: 1 << 14)
    private let classes: ClassTable
    private var links = 0..<0
    private var linkNumbers: StreamReader
    var control: StreamReader
    var labels: StreamReader
    private var addresses: [StreamReader]
    var sourcePorts: StreamReader
    var destinationPorts: StreamReader

    init(
        _ cursor: inout ByteCursor, _ classes: ClassTable, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        self.classes = classes
        var ranges: [Range<Int>] = []
        for _ in FlowPart.allCases { ranges.append(try CompressedStream.take(&cursor, to: memory, decompressor)) }
        _ = try cursor.take(UInt32.self)
        links = try CompressedStream.take(&cursor, to: memory, decompressor)
        let base = UnsafeRawPointer(memory.base)
        func reader(_ part: FlowPart) -> StreamReader { StreamReader(base, ranges[part.rawValue]) }
        (control, linkNumbers, labels) = (reader(.control), reader(.links), reader(.labels))
        addresses = [reader(.sources4), reader(.destinations4), reader(.sources6), reader(.destinations6)]
        (sourcePorts, destinationPorts) = (reader(.sourcePorts), reader(.destinationPorts))
    }

    /// What a class's flows have in common.
    func common(_ number: Int) throws(ByteCursor.Exhausted) -> (key: UnsafeRawBufferPointer, shape: HeaderShape) {
        guard number < classes.entries.count else { throw ByteCursor.Exhausted() }
        return (classes.entries[number].key, classes.entries[number].shape)
    }

    mutating func nextLink() throws(ByteCursor.Exhausted) -> UnsafeRawPointer {
        let offset = links.lowerBound + 12 * Int(linkNumbers.variable())
        guard offset + 12 <= links.upperBound else { throw ByteCursor.Exhausted() }
        return UnsafeRawPointer(memory.base + offset)
    }

    mutating func copyAddresses(_ width: Int, to target: UnsafeMutableRawPointer) {
        let first = width == 4 ? 0 : 2
        addresses[first].copy(width, to: target)
        addresses[first + 1].copy(width, to: target + width)
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

    mutating func copy(_ count: Int, to target: UnsafeMutableRawPointer) {
        for index in 0..<count { target.storeBytes(of: byte(), toByteOffset: index, as: UInt8.self) }
    }
}
