/// Records and frame lengths by class of flows and TCP flags, as they are added up. Memory is used again.
final class ClassSums {
    private typealias Sum = (records: UInt32, bytes: UInt64)

    private let maximumCount: Int
    /// Class and flags (class << 8 + flags) of each sum, found by `slots`, which hold numbers + 1; 0 is free.
    private let keys: UnsafeMutablePointer<UInt32>
    private let sums: UnsafeMutablePointer<Sum>
    private let slots: UnsafeMutablePointer<UInt32>
    /// The slot of each sum.
    private let places: UnsafeMutablePointer<UInt32>
    private let slotBits: Int
    private(set) var count = 0
    private let scratch = ByteBuffer()

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
        keys = .allocate(capacity: maximumCount)
        sums = .allocate(capacity: maximumCount)
        places = .allocate(capacity: maximumCount)
        var bits = 4
        while 1 << bits < 2 * maximumCount { bits += 1 }
        slotBits = bits
        slots = .allocate(capacity: 1 << bits)
        slots.initialize(repeating: 0, count: 1 << bits)
    }

    deinit {
        keys.deallocate()
        sums.deallocate()
        places.deallocate()
        slots.deallocate()
    }

    func removeAll() {
        for number in 0..<count { slots[Int(places[number])] = 0 }
        count = 0
    }

    /// Adds to the sum of a class and flags, of which there must not be more than `maximumCount`.
    @inline(__always)
    func add(_ key: UInt32, records: UInt32, bytes: UInt64) {
        let sum = sums + number(of: key)
        sum.pointee.records &+= records
        sum.pointee.bytes &+= bytes
    }

    /// Adds the sums of a block, whose classes have other numbers here.
    /// - Parameter numbers: these, one for each class there.
    /// - Returns: false when there might be no room.
    func add(_ block: ClassSums, numbers: [UInt32]) -> Bool {
        guard count + block.count <= maximumCount else { return false }
        for number in 0..<block.count {
            let (key, sum) = (block.keys[number], block.sums[number])
            add(numbers[Int(key >> 8)] << 8 | key & 0xFF, records: sum.records, bytes: sum.bytes)
        }
        return true
    }

    @inline(__always)
    private func number(of key: UInt32) -> Int {
        var slot = Int((key &* 0x9E37_79B1) >> UInt32(32 - slotBits))
        while slots[slot] != 0 {
            let number = Int(slots[slot]) &- 1
            if keys[number] == key { return number }
            slot = (slot &+ 1) & (1 << slotBits &- 1)
        }
        keys[count] = key
        places[count] = UInt32(truncatingIfNeeded: slot)
        (sums + count).initialize(to: (0, 0))
        count += 1
        slots[slot] = UInt32(truncatingIfNeeded: count)
        return count &- 1
    }

    /// Writes the sums, by class.
    func write(to buffer: ByteBuffer, _ compressor: ZstdCompressor) {
        let order = (0..<count).sorted { keys[$0] < keys[$1] }
        scratch.count = 0
        var previous: UInt32 = 0
        for number in order {
            let classNumber = keys[number] >> 8
            scratch.append(variable: UInt64(classNumber - previous))
            previous = classNumber
            scratch.append(UInt8(truncatingIfNeeded: keys[number]))
            scratch.append(variable: UInt64(sums[number].records))
            scratch.append(variable: sums[number].bytes)
        }
        buffer.append(UInt32(count))
        CompressedStream.append(scratch.bytes, to: buffer, compressor)
    }
}
