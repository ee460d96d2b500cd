internal import Records

/// A block's flows as far as filters and groups mostly need them: class, addresses and ports. Their header bytes are
/// not put together.
final class FlowEnds {
    struct Entry {
        var classNumber: UInt32 = 0
        /// Where the addresses lie in memory; their width is the class's.
        var source: UInt32 = 0
        var destination: UInt32 = 0
        var sourcePort: UInt16 = 0
        var destinationPort: UInt16 = 0
    }

    let count: Int
    /// Else all ports are 0.
    let hasPorts: Bool
    let entries: UnsafeMutablePointer<Entry>
    private let memory = ByteBuffer(capacity: 1 << 14)
    private var controlRange = 0..<0

    /// - Parameters:
    ///   - cursor: at the flow table.
    ///   - hasPorts: whether the ports are read, too.
    init(
        _ cursor: inout ByteCursor, count: Int, _ classes: ClassTable, hasPorts: Bool, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        (self.count, self.hasPorts) = (count, hasPorts)
        entries = .allocate(capacity: max(count, 1))
        entries.initialize(repeating: Entry(), count: max(count, 1))
        var ranges: [Range<Int>] = []
        for part in FlowPart.allCases.prefix(FlowPart.endCount) {
            if hasPorts || !part.isOfPorts {
                ranges.append(try CompressedStream.take(&cursor, to: memory, decompressor))
            } else {
                try CompressedStream.skip(&cursor)
                ranges.append(0..<0)
            }
        }
        controlRange = ranges[FlowPart.control.rawValue]
        guard fill(classes.entries.map(\.shape), ranges) else { throw ByteCursor.Exhausted() }
    }

    deinit { entries.deallocate() }

    /// Where the next flow's address or port of a kind lies.
    private struct Place {
        var at: Int
        let end: Int

        init(_ range: Range<Int>) { (at, end) = (range.lowerBound, range.upperBound) }

        /// - Returns: nil at the end of what is stored.
        @inline(__always)
        mutating func next(_ width: Int) -> Int? {
            guard at &+ width <= end else { return nil }
            defer { at &+= width }
            return at
        }
    }

    private func fill(_ shapes: [HeaderShape], _ ranges: [Range<Int>]) -> Bool {
        let base = UnsafeRawPointer(memory.base)
        var control = control
        func place(_ part: FlowPart) -> Place { Place(ranges[part.rawValue]) }
        var (sources4, destinations4) = (place(.sources4), place(.destinations4))
        var (sources6, destinations6) = (place(.sources6), place(.destinations6))
        var (sourcePorts, destinationPorts) = (place(.sourcePorts), place(.destinationPorts))
        for flow in 0..<count {
            let relation = control.byte() & 3
            let classNumber = control.variable()
            guard relation < 3, Int(classNumber) < shapes.count else { return false }
            let shape = shapes[Int(classNumber)]
            var entry = Entry()
            if relation != 0 {
                let other = flow &- Int(control.variable())
                guard other >= 0, other < flow else { return false }
                entry = Self.related(entries[other], isReverse: relation == FlowState.Relation.reverse.rawValue)
                guard shapes[Int(entry.classNumber)].code == shape.code else { return false }
            } else if shape.network != .other {
                let isShort = shape.network == .ipv4
                guard let source = isShort ? sources4.next(4) : sources6.next(16),
                    let destination = isShort ? destinations4.next(4) : destinations6.next(16)
                else { return false }
                (entry.source, entry.destination) = (
                    UInt32(truncatingIfNeeded: source), UInt32(truncatingIfNeeded: destination)
                )
                if hasPorts, shape.ports {
                    guard let from = sourcePorts.next(2), let to = destinationPorts.next(2) else { return false }
                    entry.sourcePort = UInt16(bigEndian: base.loadUnaligned(fromByteOffset: from, as: UInt16.self))
                    entry.destinationPort = UInt16(bigEndian: base.loadUnaligned(fromByteOffset: to, as: UInt16.self))
                }
            }
            entry.classNumber = classNumber
            entries[flow] = entry
        }
        return true
    }

    /// At the first flow's relation, class, and distance to the related flow.
    var control: StreamReader { StreamReader(UnsafeRawPointer(memory.base), controlRange) }

    @inline(__always)
    private static func related(_ other: Entry, isReverse: Bool) -> Entry {
        guard isReverse else { return other }
        var entry = other
        (entry.source, entry.destination) = (other.destination, other.source)
        (entry.sourcePort, entry.destinationPort) = (other.destinationPort, other.sourcePort)
        return entry
    }

    /// An address of a flow whose network is known.
    @inline(__always)
    func address(_ at: UInt32, _ shape: HeaderShape) -> IPAddress {
        let from = UnsafeRawPointer(memory.base) + Int(at)
        if shape.network == .ipv4 { return IPAddress(v4: UInt32(bigEndian: from.loadUnaligned(as: UInt32.self))) }
        return IPAddress(
            v6High: UInt64(bigEndian: from.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: from.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Writes an address as headers have it.
    @inline(__always)
    func copyAddress(_ at: UInt32, _ width: Int, to target: UnsafeMutableRawPointer) {
        target.copyMemory(from: memory.base + Int(at), byteCount: width)
    }

    /// Writes an address as group keys have it: its number, for IPv6 in two halves, the upper one first.
    @inline(__always)
    func write(_ at: UInt32, isShort: Bool, to target: UnsafeMutableRawPointer) {
        let from = UnsafeRawPointer(memory.base) + Int(at)
        if isShort {
            target.storeBytes(of: from.loadUnaligned(as: UInt32.self).byteSwapped, as: UInt32.self)
        } else {
            target.storeBytes(of: from.loadUnaligned(as: UInt64.self).byteSwapped, as: UInt64.self)
            let low = from.loadUnaligned(fromByteOffset: 8, as: UInt64.self).byteSwapped
            target.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
    }
}
