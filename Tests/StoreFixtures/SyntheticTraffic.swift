internal import CHdrlog
public import Records

/// Seeded traffic as the kernel side would hand it over: flows drawn from a Zipf law, IMIX sizes, TCP with right
/// sequence numbers both ways, right checksums, exponential gaps. The same seed makes the same records.
public struct SyntheticTraffic {
    public struct Shape: Sendable {
        public var flows = 100_000
        public var zipf = 1.1
        public var ipv6Share = 0.3
        public var packetsPerSecond = 500_000.0
        public var start: Int64 = 1_700_000_000_000_000_000
        public var seed: UInt64 = 1
        public var interface: UInt32 = 2

        public init() {}
    }

    struct Flow {
        var header: [UInt8]
        var reverse: [UInt8]
        var network: Int
        var transport: Int
        var isIPv6: Bool
        var kind: UInt8
        var sequences: (UInt32, UInt32)
        var identifiers: (UInt16, UInt16)
        var packets = 0
    }

    private var flows: [Flow] = []
    private var cumulative: [Double] = []
    private var random: Random
    private var clock: Int64
    private let shape: Shape
    private let scratch = UnsafeMutableRawBuffer(count: 256)

    public init(_ shape: Shape = Shape()) {
        self.shape = shape
        random = Random(seed: shape.seed)
        clock = shape.start
        var total = 0.0
        for index in 0..<shape.flows {
            total += 1 / Double.power(Double(index + 1), shape.zipf)
            cumulative.append(total)
            flows.append(FlowMaker.flow(&random, ipv6Share: shape.ipv6Share))
        }
        flows.shuffle(using: &random)
    }

    /// Fills a chunk (emptied first) with up to `count` records.
    /// - Returns: how many fitted.
    @discardableResult
    public mutating func fill(_ chunk: RecordChunk, count: Int) -> Int {
        chunk.removeAll()
        chunk.clockOffset = 0
        for done in 0..<count where !appendOne(chunk) { return done }
        return count
    }

    private mutating func appendOne(_ chunk: RecordChunk) -> Bool {
        guard chunk.capacity - chunk.used >= 160 else { return false }
        clock += Int64(random.exponential() * 1e9 / shape.packetsPerSecond) + 1
        let index = draw()
        let reverse = random.next() & 1 == 1
        let length = compose(index, reverse: reverse, payload: Self.payload(&random))
        let prefix = MemoryLayout<hdrlog_record>.size
        var record = hdrlog_record()
        record.boot_ns = UInt64(clock)
        record.ifindex = shape.interface
        record.frame_length = UInt32(length.frame)
        record.rate = 1
        record.captured = UInt16(length.header)
        record.segments = 1
        record.direction = reverse ? 1 : 0
        scratch.base.storeBytes(of: record, as: hdrlog_record.self)
        return chunk.append(UnsafeRawBufferPointer(start: scratch.base, count: prefix + length.header))
    }

    private mutating func draw() -> Int {
        let wanted = random.unit() * cumulative[cumulative.count - 1]
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// IMIX 7:4:1.
    private static func payload(_ random: inout Random) -> Int {
        switch random.next() % 12 {
        case 0..<7: 0
        case 7..<11: 536
        default: 1448
        }
    }

    /// Writes a packet's headers into the scratch memory behind the prefix.
    private mutating func compose(_ index: Int, reverse: Bool, payload: Int) -> (header: Int, frame: Int) {
        let header = reverse ? flows[index].reverse : flows[index].header
        let (network, transport, kind) = (flows[index].network, flows[index].transport, flows[index].kind)
        let length = header.count
        let bytes = UnsafeMutableRawBufferPointer(
            start: scratch.base + MemoryLayout<hdrlog_record>.size, count: length)
        bytes.copyBytes(from: header)
        let total = length - network + payload
        if kind == 6 { writeTCP(index, reverse, payload, bytes, transport) }
        if kind == 17 { bytes.store(UInt16(8 + payload), at: transport + 4) }
        if kind == 1 || kind == 58 { bytes.store(UInt16(truncatingIfNeeded: flows[index].packets), at: transport + 6) }
        writeNetwork(index, reverse, bytes, network, total)
        writeChecksum(bytes, network, transport, kind, flows[index].isIPv6, payload)
        flows[index].packets += 1
        return (length, max(length + payload, 60))
    }

    private mutating func writeTCP(
        _ index: Int, _ reverse: Bool, _ payload: Int, _ bytes: UnsafeMutableRawBufferPointer, _ at: Int
    ) {
        let first = flows[index].packets == 0
        let (own, other) =
            reverse
            ? (flows[index].sequences.1, flows[index].sequences.0)
            : (flows[index].sequences.0, flows[index].sequences.1)
        bytes.store(own, at: at + 4)
        bytes.store(other, at: at + 8)
        bytes[at + 13] = first ? 0x02 : payload > 0 ? 0x18 : 0x10
        let advance = UInt32(payload + (first ? 1 : 0))
        if reverse { flows[index].sequences.1 &+= advance } else { flows[index].sequences.0 &+= advance }
    }

    private mutating func writeNetwork(
        _ index: Int, _ reverse: Bool, _ bytes: UnsafeMutableRawBufferPointer, _ at: Int, _ total: Int
    ) {
        guard !flows[index].isIPv6 else { return bytes.store(UInt16(total - 40), at: at + 4) }
        bytes.store(UInt16(total), at: at + 2)
        let identifier = reverse ? flows[index].identifiers.1 : flows[index].identifiers.0
        bytes.store(identifier, at: at + 4)
        if reverse { flows[index].identifiers.1 &+= 1 } else { flows[index].identifiers.0 &+= 1 }
        let header = UnsafeRawBufferPointer(rebasing: bytes[at..<(at + 20)])
        bytes.store(~InternetChecksum.sum(header), at: at + 10)
    }

    /// The payload is zeros, so the checksum covers the headers and the lengths.
    private func writeChecksum(
        _ bytes: UnsafeMutableRawBufferPointer, _ network: Int, _ transport: Int, _ kind: UInt8, _ isIPv6: Bool,
        _ payload: Int
    ) {
        let at = transport + (kind == 6 ? 16 : kind == 17 ? 6 : 2)
        let addresses = isIPv6 ? bytes[(network + 8)..<(network + 40)] : bytes[(network + 12)..<(network + 20)]
        let length = UInt32(bytes.count - transport + payload)
        let pseudo =
            kind == 1
            ? 0
            : UInt32(InternetChecksum.sum(UnsafeRawBufferPointer(rebasing: addresses))) + length
                + UInt32(kind)
        let segment = UnsafeRawBufferPointer(rebasing: bytes[transport...])
        bytes.store(~InternetChecksum.sum(segment, adding: pseudo), at: at)
    }
}

/// Memory with an owner.
final class UnsafeMutableRawBuffer: @unchecked Sendable {
    let base: UnsafeMutableRawPointer

    init(count: Int) { base = .allocate(byteCount: count, alignment: 16) }

    deinit { base.deallocate() }
}

extension UnsafeMutableRawBufferPointer {
    /// In network byte order.
    func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
    }
}
