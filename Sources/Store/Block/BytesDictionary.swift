/// Numbers byte strings in the order of their first appearance. Memory is used again after `removeAll`.
final class BytesDictionary {
    private var slots: UnsafeMutablePointer<UInt32>
    private var mask: Int
    private var hashes: UnsafeMutablePointer<UInt64>
    private var starts: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private let key = BytesDictionary.hashKey
    let arena = ByteBuffer(capacity: 1 << 14)
    private(set) var count = 0

    init(capacity: Int = 256) {
        self.capacity = capacity
        mask = Self.slotCount(capacity) - 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        hashes = .allocate(capacity: capacity)
        starts = .allocate(capacity: capacity + 1)
        starts[0] = 0
    }

    deinit {
        slots.deallocate()
        hashes.deallocate()
        starts.deallocate()
    }

    private static func slotCount(_ capacity: Int) -> Int {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        return size
    }

    func removeAll() {
        slots.update(repeating: 0, count: mask + 1)
        count = 0
        arena.count = 0
        starts[0] = 0
    }

    subscript(number: Int) -> UnsafeRawBufferPointer {
        let start = Int(starts[number])
        return UnsafeRawBufferPointer(start: arena.base + start, count: Int(starts[number + 1]) - start)
    }

    /// The number of a byte string, which is added if it is new.
    @inline(__always)
    func number(of bytes: UnsafeRawBufferPointer) -> (number: Int, isNew: Bool) {
        let hash = Self.hash(bytes, key: key)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot]) &- 1
            if hashes[number] == hash, matches(number, bytes) { return (number, false) }
            slot = (slot &+ 1) & mask
        }
        return (add(bytes, hash, slot), true)
    }

    @inline(__always)
    private func matches(_ number: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let start = Int(starts[number])
        guard Int(starts[number &+ 1]) &- start == bytes.count else { return false }
        let stored = UnsafeRawPointer(arena.base + start)
        var offset = 0
        while offset &+ 8 <= bytes.count {
            if stored.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                != bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            {
                return false
            }
            offset &+= 8
        }
        while offset < bytes.count {
            if stored.load(fromByteOffset: offset, as: UInt8.self) != bytes[offset] { return false }
            offset &+= 1
        }
        return true
    }

    private func add(_ bytes: UnsafeRawBufferPointer, _ hash: UInt64, _ slot: Int) -> Int {
        if count == capacity {
            grow()
            return number(of: bytes).number
        }
        arena.append(bytes)
        hashes[count] = hash
        count += 1
        starts[count] = UInt32(arena.count)
        slots[slot] = UInt32(count)
        return count - 1
    }

    private func grow() {
        let larger = BytesDictionary(capacity: capacity * 2)
        swap(&slots, &larger.slots)
        swap(&mask, &larger.mask)
        swap(&hashes, &larger.hashes)
        swap(&starts, &larger.starts)
        swap(&capacity, &larger.capacity)
        hashes.update(from: larger.hashes, count: count)
        starts.update(from: larger.starts, count: count + 1)
        for number in 0..<count {
            var slot = Int(truncatingIfNeeded: hashes[number]) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(number + 1)
        }
    }

    /// A multiply-and-fold hash, sixteen bytes a step; of values within one block only, so it is free to change.
    ///
    /// The key is drawn at the start of each process: senders of packets cannot choose headers that collide.
    @inline(__always)
    static func hash(_ bytes: UnsafeRawBufferPointer, key: UInt64 = hashKey) -> UInt64 {
        var hash = key ^ UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset &+ 16 <= bytes.count {
            hash = fold(
                hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                key &+ 0xA076_1D64_78BD_642F ^ bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            offset &+= 16
        }
        if offset &+ 8 <= bytes.count {
            hash = fold(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0xE703_7ED1_A0B4_28DB)
            offset &+= 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset &+= 1
        }
        return fold(hash ^ rest, 0xA076_1D64_78BD_642F)
    }

    static let hashKey = UInt64.random(in: .min ... .max)

    /// Two secrets, for hashes of numbers: a product of which senders could choose one side to be 0 would be one hash for
    /// whatever the other side is.
    static let hashKeys = (hashKey, UInt64.random(in: .min ... .max))

    @inline(__always)
    static func hash(_ left: UInt64, _ right: UInt64, _ keys: (UInt64, UInt64)) -> UInt64 {
        let product = (left ^ keys.0).multipliedFullWidth(by: right ^ keys.1)
        return product.high ^ product.low
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low &+ 0xE703_7ED1_A0B4_28DB
    }
}
