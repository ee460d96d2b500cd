/// Encodes a block's flows: what many have in common once (`classes`), MAC pairs once, and addresses and ports once
/// for both directions.
final class FlowTableEncoder {
    let classes = BytesDictionary(capacity: 256)
    private let links = BytesDictionary(capacity: 256)
    private let pairs = PairTable()
    private let scratch = UnsafeMutableRawPointer.allocate(byteCount: FlowKeyBytes.largest, alignment: 16)
    private let linkScratch = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
    private let parts = FlowColumns()
    /// Each flow's class.
    private(set) var classNumbers: [UInt32] = []
    let summary = SummaryEncoder()

    deinit {
        scratch.deallocate()
        linkScratch.deallocate()
    }

    func removeAll() {
        classes.removeAll()
        links.removeAll()
        classNumbers.removeAll(keepingCapacity: true)
        pairs.removeAll()
        summary.removeAll()
        for part in FlowPart.allCases { parts[part].count = 0 }
    }

    /// Adds a flow that has just got its number.
    func add(
        _ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ flow: Int, _ flows: BytesDictionary
    ) -> (FlowState.Relation, other: Int) {
        let (relation, other) = pairs.relate(key, shape, flow, flows)
        scratch.copyMemory(from: key.baseAddress!, byteCount: key.count)
        let linkCode = takeLink(key, relation, other, flows)
        takeNetwork(key, shape, relation)
        let number = classes.number(of: UnsafeRawBufferPointer(start: scratch, count: key.count)).number
        classNumbers.append(UInt32(number))
        parts.control.append(relation.rawValue | linkCode << 2)
        parts.control.append(variable: UInt32(number))
        if relation != .none { parts.control.append(variable: UInt32(flow - other)) }
        summary.add(key, shape, isNewPair: relation == .none)
        return (relation, other)
    }

    /// Takes the MAC addresses out of the class.
    /// - Returns: 0 when the related flow gives them, else 1.
    private func takeLink(
        _ key: UnsafeRawBufferPointer, _ relation: FlowState.Relation, _ other: Int, _ flows: BytesDictionary
    ) -> UInt8 {
        guard FlowKeyBytes.hasLink(key) else { return 0 }
        let at = FlowKeyBytes.prefix
        (scratch + at).initializeMemory(as: UInt8.self, repeating: 0, count: 12)
        if relation != .none, FlowKeyBytes.hasLink(flows[other]) {
            LinkBytes.write(of: flows[other], swapped: relation == .reverse, to: linkScratch)
            if LinkBytes.equal(key.baseAddress! + at, linkScratch) { return 0 }
        }
        let number = links.number(of: UnsafeRawBufferPointer(rebasing: key[at..<(at + 12)])).number
        parts.links.append(variable: UInt32(number))
        return 1
    }

    /// Takes flow label, addresses and ports out of the class.
    private func takeNetwork(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ relation: FlowState.Relation) {
        guard shape.network != .other else { return }
        if shape.network == .ipv6 {
            let label = FlowKeyBytes.prefix + shape.networkOffset + 1
            parts.labels.append(UnsafeRawBufferPointer(rebasing: key[label..<(label + 3)]))
            clear(label, 3)
        }
        let (offset, width) = shape.addresses
        let addresses = FlowKeyBytes.prefix + offset
        let ports = FlowKeyBytes.prefix + shape.transportOffset
        if relation == .none {
            parts.append(addresses: UnsafeRawBufferPointer(rebasing: key[addresses..<(addresses + 2 * width)]))
            if shape.ports { parts.append(ports: key.loadUnaligned(fromByteOffset: ports, as: UInt32.self)) }
        }
        clear(addresses, 2 * width)
        if shape.ports { clear(ports, 4) }
    }

    private func clear(_ offset: Int, _ count: Int) {
        (scratch + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }

    func writeFlows(to buffer: ByteBuffer, _ compressor: ZstdCompressor) {
        parts.write(to: buffer, compressor)
        BlockFormat.write(links, to: buffer, compressor)
    }
}

/// The columns of the flow table.
enum FlowPart: Int, CaseIterable {
    case control, sources4, destinations4, sources6, destinations6, sourcePorts, destinationPorts
    case labels, links

    /// So many say which flow has which ends.
    static let endCount = FlowPart.labels.rawValue

    var isOfPorts: Bool { self == .sourcePorts || self == .destinationPorts }
}

/// The columns while they are filled. Properties, since an array's elements would be counted at each access.
struct FlowColumns {
    let control = ByteBuffer()
    let sources4 = ByteBuffer()
    let destinations4 = ByteBuffer()
    let sources6 = ByteBuffer()
    let destinations6 = ByteBuffer()
    let sourcePorts = ByteBuffer()
    let destinationPorts = ByteBuffer()
    let labels = ByteBuffer()
    let links = ByteBuffer()

    subscript(part: FlowPart) -> ByteBuffer {
        switch part {
        case .control: control
        case .sources4: sources4
        case .destinations4: destinations4
        case .sources6: sources6
        case .destinations6: destinations6
        case .sourcePorts: sourcePorts
        case .destinationPorts: destinationPorts
        case .labels: labels
        case .links: links
        }
    }

    /// - Parameter pair: source and destination as in the header.
    @inline(__always)
    func append(addresses pair: UnsafeRawBufferPointer) {
        let source = UnsafeRawBufferPointer(rebasing: pair[..<(pair.count / 2)])
        let destination = UnsafeRawBufferPointer(rebasing: pair[(pair.count / 2)...])
        if pair.count == 8 {
            sources4.append(source)
            destinations4.append(destination)
        } else {
            sources6.append(source)
            destinations6.append(destination)
        }
    }

    /// - Parameter pair: source and destination as in the header.
    @inline(__always)
    func append(ports pair: UInt32) {
        sourcePorts.append(UInt16(truncatingIfNeeded: pair))
        destinationPorts.append(UInt16(truncatingIfNeeded: pair >> 16))
    }

    func write(to buffer: ByteBuffer, _ compressor: ZstdCompressor) {
        for part in FlowPart.allCases { CompressedStream.append(self[part].bytes, to: buffer, compressor) }
    }
}

enum LinkBytes {
    static func equal(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Bool {
        left.loadUnaligned(as: UInt64.self) == right.loadUnaligned(as: UInt64.self)
            && left.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
                == right.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    }

    /// A flow's two MAC addresses, exchanged if wanted.
    static func write(of key: UnsafeRawBufferPointer, swapped: Bool, to target: UnsafeMutableRawPointer) {
        let from = key.baseAddress! + FlowKeyBytes.prefix
        target.copyMemory(from: from + (swapped ? 6 : 0), byteCount: 6)
        (target + 6).copyMemory(from: from + (swapped ? 0 : 6), byteCount: 6)
    }
}

extension ByteBuffer {
    /// 7 bits a byte, the last without the top bit.
    func append<T: UnsignedInteger & FixedWidthInteger>(variable value: T) {
        var left = value
        while left >= 0x80 {
            append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        append(UInt8(truncatingIfNeeded: left))
    }
}
