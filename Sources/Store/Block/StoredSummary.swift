internal import Filter
internal import Records

/// A block's summary, read: answers whether the block can hold what a filter wants.
struct StoredSummary: BlockSummary {
    private let bytes: [UInt8]
    private var directions: UInt8 = 0
    private var etherTypes: [UInt16]?
    private var interfaces: [UInt32]?
    /// Without it, every address and port may be there.
    var members: StoredFilter?

    private static let protocolsStart = 2

    /// Nil when the bytes are not a summary that this program knows: then the block has to be read.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let isWhole = (try? bytes.withUnsafeBytes { try read($0) }) ?? false
        guard isWhole else { return nil }
    }

    private mutating func read(_ raw: UnsafeRawBufferPointer) throws(ByteCursor.Exhausted) -> Bool {
        var cursor = ByteCursor(raw)
        guard try cursor.take(UInt8.self) == 2 else { return false }
        directions = try cursor.take(UInt8.self)
        _ = try cursor.take(bytes: 32)
        etherTypes = try Self.list(&cursor)
        interfaces = try Self.list(&cursor)
        return true
    }

    private static func list<T: FixedWidthInteger>(_ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) -> [T]? {
        let count = try cursor.take(UInt8.self)
        guard count < 255 else { return nil }
        var all: [T] = []
        for _ in 0..<count { all.append(try cursor.take(T.self)) }
        return all
    }

    func mayHold(interface: UInt32) -> Bool { interfaces?.contains(interface) ?? true }

    func mayHold(direction: Direction) -> Bool { directions & (direction == .ingress ? 1 : 2) != 0 }

    func mayHold(ipProtocol: UInt8) -> Bool {
        bytes[Self.protocolsStart + Int(ipProtocol >> 3)] & 1 << (ipProtocol & 7) != 0
    }

    func mayHold(etherType: UInt16) -> Bool { etherTypes?.contains(etherType) ?? true }

    /// The filter knows whole addresses only.
    func mayHold(prefix: IPPrefix) -> Bool {
        guard let members, prefix.length == prefix.address.bitWidth else { return true }
        return members.mayHold(prefix.address)
    }

    func mayHold(ports: ClosedRange<UInt16>) -> Bool { members?.mayHold(ports: ports) ?? true }
}

/// A block's filter: its ports, and the addresses that it may have. For one thread.
final class StoredFilter {
    private let blob = ByteBuffer(capacity: 1 << 15)
    private let decompressor: ZstdDecompressor
    private let exponent: UInt8
    private let addresses: Range<Int>

    /// The ports, which take more time to unpack than all else; many a search is for an address only.
    private(set) lazy var ports = Result { [blob, decompressor] () throws(ByteCursor.Exhausted) in
        var cursor = ByteCursor(blob.bytes)
        _ = try cursor.take(UInt8.self)
        return try PortSet(&cursor, decompressor)
    }

    /// - Parameter blob: is copied.
    init(_ blob: UnsafeRawBufferPointer, _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        var cursor = ByteCursor(blob)
        guard try cursor.take(UInt8.self) == 1 else { throw ByteCursor.Exhausted() }
        try CompressedStream.skip(&cursor)
        exponent = try cursor.take(UInt8.self)
        guard exponent >= 6, exponent < 32, cursor.left == 1 << (Int(exponent) - 3) else {
            throw ByteCursor.Exhausted()
        }
        addresses = cursor.offset..<blob.count
        self.decompressor = decompressor
        self.blob.append(blob)
    }

    func mayHold(_ address: IPAddress) -> Bool {
        AddressFilter.contains(UnsafeRawBufferPointer(rebasing: blob.bytes[addresses]), exponent, address)
    }

    /// True where the ports cannot be read.
    func mayHold(ports range: ClosedRange<UInt16>) -> Bool { (try? ports.get().overlaps(range)) ?? true }
}
