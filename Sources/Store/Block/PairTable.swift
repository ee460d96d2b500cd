internal import Records

/// Finds the flow of the other direction, or one with the same addresses and ports.
final class PairTable {
    private var slots: UnsafeMutablePointer<UInt32>
    private var hashes: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var used = 0

    init() {
        mask = 1023
        slots = .allocate(capacity: mask + 1)
        hashes = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
    }

    deinit {
        slots.deallocate()
        hashes.deallocate()
    }

    func removeAll() {
        slots.update(repeating: 0, count: mask + 1)
        used = 0
    }

    /// Looks for a related flow and puts this one in its place.
    func relate(
        _ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ flow: Int, _ flows: BytesDictionary
    ) -> (FlowState.Relation, Int) {
        guard shape.network != .other else { return (.none, 0) }
        let hash = Self.hash(key, shape)
        if used * 2 > mask { grow() }
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0, hashes[slot] != hash { slot = (slot + 1) & mask }
        let found = Int(slots[slot]) - 1
        slots[slot] = UInt32(flow + 1)
        hashes[slot] = hash
        guard found >= 0 else {
            used += 1
            return (.none, 0)
        }
        return (Self.relation(key, shape, flows[found]), found)
    }

    private func grow() {
        let (oldSlots, oldHashes, oldMask) = (slots, hashes, mask)
        mask = mask * 4 + 3
        slots = .allocate(capacity: mask + 1)
        hashes = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        for old in 0...oldMask where oldSlots[old] != 0 {
            var slot = Int(truncatingIfNeeded: oldHashes[old]) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            (slots[slot], hashes[slot]) = (oldSlots[old], oldHashes[old])
        }
        oldSlots.deallocate()
        oldHashes.deallocate()
    }

    /// The same for both directions.
    private static func hash(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape) -> UInt64 {
        let ends = EndPoints(key, shape)
        let sum = ends.hash(0) &+ ends.hash(1)
        return (sum ^ sum >> 29) &* 0xBF58_476D_1CE4_E5B9 ^ UInt64(shape.code)
    }

    private static func relation(
        _ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ other: UnsafeRawBufferPointer
    ) -> FlowState.Relation {
        guard let otherShape = FlowKeyBytes.shape(other), otherShape.code == shape.code else { return .none }
        let (one, two) = (EndPoints(key, shape), EndPoints(other, otherShape))
        if one.equals(0, two, 1), one.equals(1, two, 0) { return .reverse }
        return one.equals(0, two, 0) && one.equals(1, two, 1) ? .variant : .none
    }
}

/// A flow's two ends: address and, where there is one, port.
struct EndPoints {
    private let key: UnsafeRawPointer
    let address: Int
    let width: Int
    let port: Int?

    /// - Parameter key: with a shape whose network is known.
    init(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape) {
        self.key = key.baseAddress!
        (address, width) = (FlowKeyBytes.prefix + shape.addresses.offset, shape.addresses.width)
        port = shape.ports ? FlowKeyBytes.prefix + shape.transportOffset : nil
    }

    func addressBytes(_ side: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: key + address + side * width, count: width)
    }

    private func portValue(_ side: Int) -> UInt16 {
        port.map { key.loadUnaligned(fromByteOffset: $0 + 2 * side, as: UInt16.self) } ?? 0
    }

    func portNumber(_ side: Int) -> UInt16? { port == nil ? nil : UInt16(bigEndian: portValue(side)) }

    /// An address from its 4 or 16 bytes.
    static func value(_ bytes: UnsafeRawBufferPointer) -> IPAddress {
        if bytes.count == 4 { return IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))) }
        return IPAddress(
            v6High: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    func hash(_ side: Int) -> UInt64 {
        BytesDictionary.hash(addressBytes(side)) &* (UInt64(portValue(side)) &* 2 &+ 0x9E37_79B9_7F4A_7C15)
    }

    func equals(_ side: Int, _ other: EndPoints, _ otherSide: Int) -> Bool {
        guard width == other.width, portValue(side) == other.portValue(otherSide) else { return false }
        let (one, two) = (addressBytes(side), other.addressBytes(otherSide))
        return (0..<width).allSatisfy { one[$0] == two[$0] }
    }
}
