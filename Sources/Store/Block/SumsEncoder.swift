/// Adds up a block's records and their frame lengths: by flow, and by class of flows and TCP flags.
///
/// Questions about blocks that lie wholly in range are answered by these sums.
final class SumsEncoder {
    private let maximumCount: Int
    /// By flow.
    private let records: UnsafeMutablePointer<UInt32>
    private let bytes: UnsafeMutablePointer<UInt64>
    /// Class and flags (class << 8 + flags) of each entry, found by `slots`, which hold numbers + 1; 0 is free.
    private let keys: UnsafeMutablePointer<UInt32>
    private let entries: UnsafeMutablePointer<(records: UInt32, bytes: UInt64)>
    private let slots: UnsafeMutablePointer<UInt32>
    /// The slot of each entry.
    private let places: UnsafeMutablePointer<UInt32>
    private let slotBits: Int
    private var count = 0
    private let scratch = ByteBuffer()

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
        records = .allocate(capacity: maximumCount)
        bytes = .allocate(capacity: maximumCount)
        keys = .allocate(capacity: maximumCount)
        entries = .allocate(capacity: maximumCount)
        var bits = 4
        while 1 << bits < 2 * maximumCount { bits += 1 }
        slotBits = bits
        slots = .allocate(capacity: 1 << bits)
        slots.initialize(repeating: 0, count: 1 << bits)
        places = .allocate(capacity: maximumCount)
    }

    deinit {
        records.deallocate()
        bytes.deallocate()
        keys.deallocate()
        entries.deallocate()
        slots.deallocate()
        places.deallocate()
    }

    /// Adds up a block.
    /// - Parameters:
    ///   - classes: the class of each flow.
    ///   - flows, lengths, flags: of each record.
    func add(
        classes: [UInt32], flows: UnsafePointer<UInt32>, lengths: UnsafePointer<UInt32>, flags: UnsafePointer<UInt32>,
        count records: Int
    ) {
        self.records.initialize(repeating: 0, count: classes.count)
        bytes.initialize(repeating: 0, count: classes.count)
        for number in 0..<count { slots[Int(places[number])] = 0 }
        count = 0
        classes.withUnsafeBufferPointer { classes in
            for index in 0..<records {
                let (flow, length) = (Int(flows[index]), UInt64(lengths[index]))
                self.records[flow] &+= 1
                bytes[flow] &+= length
                let entry = entries + number(of: classes[flow] << 8 | flags[index])
                entry.pointee.records &+= 1
                entry.pointee.bytes &+= length
            }
        }
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
        (entries + count).initialize(to: (0, 0))
        count += 1
        slots[slot] = UInt32(truncatingIfNeeded: count)
        return count &- 1
    }

    /// Writes the sums by class and flags, by class.
    func writeClasses(to buffer: ByteBuffer, _ compressor: ZstdCompressor) {
        let order = (0..<count).sorted { keys[$0] < keys[$1] }
        scratch.count = 0
        var previous: UInt32 = 0
        for number in order {
            let classNumber = keys[number] >> 8
            scratch.append(variable: UInt64(classNumber - previous))
            previous = classNumber
            scratch.append(UInt8(truncatingIfNeeded: keys[number]))
            scratch.append(variable: UInt64(entries[number].records))
            scratch.append(variable: entries[number].bytes)
        }
        buffer.append(UInt32(count))
        CompressedStream.append(scratch.bytes, to: buffer, compressor)
    }

    /// Writes the sums by flow: two columns, the second with halves apart where it has numbers of more than 32 bits.
    func writeFlows(_ flows: Int, to buffer: ByteBuffer) {
        HotColumn.append(records, flows, to: buffer)
        let isLong = (0..<flows).contains { bytes[$0] >> 32 != 0 }
        buffer.append(UInt8(isLong ? 1 : 0))
        for shift in stride(from: 0, through: isLong ? 32 : 0, by: 32) {
            for flow in 0..<flows { records[flow] = UInt32(truncatingIfNeeded: bytes[flow] >> UInt64(shift)) }
            HotColumn.append(records, flows, to: buffer)
        }
    }
}
