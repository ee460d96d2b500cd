/// Encodes a block's flows: what many have in common once (`classes`), MAC pairs once, and addresses and ports once
/// for both directions.
final class FlowTableEncoder {
    private let classes = BytesDictionary(capacity: 256)
    private let links = BytesDictionary(capacity: 256)
    private let pairs = PairTable()
    private let scratch = UnsafeMutableRawPointer.allocate(byteCount: FlowKeyBytes.largest, alignment: 16)
    private let linkScratch = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
    private let parts = FlowPart.allCases.map { _ in ByteBuffer() }
    /// Each flow's class.
    private var classNumbers: [UInt32] = []
    /// Each class's sums, and their bytes.
    private var records: [UInt32] = []
    private var bytes: [UInt64] = []
    private let totals = ByteBuffer()
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
        for part in parts { part.count = 0 }
    }

    private func part(_ part: FlowPart) -> ByteBuffer { parts[part.rawValue] }

    /// Adds a flow that has just got its number.
    /// - Returns: the earlier flow that it is related to.
    func add(
        _ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ flow: Int, _ flows: BytesDictionary
    ) -> (FlowState.Relation, other: Int) {
        let (relation, other) = pairs.relate(key, shape, flow, flows)
        scratch.copyMemory(from: key.baseAddress!, byteCount: key.count)
        let linkCode = takeLink(key, relation, other, flows)
        takeNetwork(key, shape, relation)
        let number = classes.number(of: UnsafeRawBufferPointer(start: scratch, count: key.count)).number
        classNumbers.append(UInt32(number))
        part(.control).append(relation.rawValue | linkCode << 2)
        part(.control).append(variable: UInt32(number))
        if relation != .none { part(.control).append(variable: UInt32(flow - other)) }
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
            let isSame = (0..<12).allSatisfy { key[at + $0] == linkScratch.load(fromByteOffset: $0, as: UInt8.self) }
            if isSame { return 0 }
        }
        let number = links.number(of: UnsafeRawBufferPointer(rebasing: key[at..<(at + 12)])).number
        part(.links).append(variable: UInt32(number))
        return 1
    }

    /// Takes flow label, addresses and ports out of the class.
    private func takeNetwork(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ relation: FlowState.Relation) {
        guard shape.network != .other else { return }
        let network = FlowKeyBytes.prefix + shape.networkOffset
        if shape.network == .ipv6 { take(network + 1, 3, key, .labels) }
        let (offset, width) = shape.addresses
        let addresses = FlowKeyBytes.prefix + offset
        let isStored = relation == .none
        let kinds: (FlowPart, FlowPart) = width == 4 ? (.sources4, .destinations4) : (.sources6, .destinations6)
        take(addresses, width, key, isStored ? kinds.0 : nil)
        take(addresses + width, width, key, isStored ? kinds.1 : nil)
        guard shape.ports else { return }
        let ports = FlowKeyBytes.prefix + shape.transportOffset
        take(ports, 2, key, isStored ? .sourcePorts : nil)
        take(ports + 2, 2, key, isStored ? .destinationPorts : nil)
    }

    private func take(_ offset: Int, _ count: Int, _ key: UnsafeRawBufferPointer, _ to: FlowPart?) {
        if let to { part(to).append(UnsafeRawBufferPointer(rebasing: key[offset..<(offset + count)])) }
        (scratch + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }

    /// Writes the number of records of each class, then the sum of their frame lengths.
    func writeTotals(
        _ flows: UnsafePointer<UInt32>, _ lengths: UnsafePointer<UInt32>, _ count: Int, to buffer: ByteBuffer,
        _ compressor: ZstdCompressor
    ) {
        records.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        for _ in 0..<classes.count {
            records.append(0)
            bytes.append(0)
        }
        for index in 0..<count {
            let number = Int(classNumbers[Int(flows[index])])
            records[number] &+= 1
            bytes[number] &+= UInt64(lengths[index])
        }
        totals.count = 0
        for number in records { totals.append(number) }
        for sum in bytes { totals.append(sum) }
        CompressedStream.append(totals.bytes, to: buffer, compressor)
    }

    func write(to buffer: ByteBuffer, _ compressor: ZstdCompressor) {
        for (number, dictionary) in [(classes.count, classes), (links.count, links)] {
            buffer.append(UInt32(number))
            CompressedStream.append(dictionary.arena.bytes, to: buffer, compressor)
        }
        for part in parts { CompressedStream.append(part.bytes, to: buffer, compressor) }
    }
}

/// The columns of the flow table.
enum FlowPart: Int, CaseIterable {
    case control, links, labels, sources4, destinations4, sources6, destinations6, sourcePorts, destinationPorts
}

enum LinkBytes {
    /// A flow's two MAC addresses, exchanged if wanted.
    static func write(of key: UnsafeRawBufferPointer, swapped: Bool, to target: UnsafeMutableRawPointer) {
        let from = key.baseAddress! + FlowKeyBytes.prefix
        target.copyMemory(from: from + (swapped ? 6 : 0), byteCount: 6)
        (target + 6).copyMemory(from: from + (swapped ? 0 : 6), byteCount: 6)
    }
}

extension ByteBuffer {
    /// 7 bits a byte, the last without the top bit.
    func append(variable value: UInt32) {
        var left = value
        while left >= 0x80 {
            append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        append(UInt8(truncatingIfNeeded: left))
    }
}
