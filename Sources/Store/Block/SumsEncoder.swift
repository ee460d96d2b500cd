/// Adds up a block's records and their frame lengths: by flow, and by class of flows and TCP flags.
///
/// Questions about blocks that lie wholly in range are answered by these sums.
final class SumsEncoder {
    /// By flow.
    let records: UnsafeMutablePointer<UInt32>
    let bytes: UnsafeMutablePointer<UInt64>
    let classes: ClassSums
    private let column: UnsafeMutablePointer<UInt32>

    init(maximumCount: Int) {
        records = .allocate(capacity: maximumCount)
        bytes = .allocate(capacity: maximumCount)
        column = .allocate(capacity: maximumCount)
        classes = ClassSums(maximumCount: maximumCount)
    }

    deinit {
        records.deallocate()
        bytes.deallocate()
        column.deallocate()
    }

    /// Adds up a block.
    /// - Parameters:
    ///   - classes: the class of each flow.
    ///   - flows, lengths, flags: of each record.
    func add(
        classes numbers: [UInt32], flows: UnsafePointer<UInt32>, lengths: UnsafePointer<UInt32>,
        flags: UnsafePointer<UInt32>, count: Int
    ) {
        records.initialize(repeating: 0, count: numbers.count)
        bytes.initialize(repeating: 0, count: numbers.count)
        classes.removeAll()
        numbers.withUnsafeBufferPointer { numbers in
            for index in 0..<count {
                let (flow, length) = (Int(flows[index]), UInt64(lengths[index]))
                records[flow] &+= 1
                bytes[flow] &+= length
                classes.add(numbers[flow] << 8 | flags[index], records: 1, bytes: length)
            }
        }
    }

    /// Writes the sums by flow.
    func writeFlows(_ flows: Int, to buffer: ByteBuffer) {
        Self.write(flows, to: buffer, column, records: { self.records[$0] }, bytes: { self.bytes[$0] })
    }

    /// Writes sums by flow: two columns, the second with halves apart where it has numbers of more than 32 bits.
    /// - Parameter column: room for as many numbers as there are flows.
    @inline(__always)
    static func write(
        _ flows: Int, to buffer: ByteBuffer, _ column: UnsafeMutablePointer<UInt32>, records: (Int) -> UInt32,
        bytes: (Int) -> UInt64
    ) {
        for flow in 0..<flows { column[flow] = records(flow) }
        HotColumn.append(column, flows, to: buffer)
        let isLong = (0..<flows).contains { bytes($0) >> 32 != 0 }
        buffer.append(UInt8(isLong ? 1 : 0))
        for shift in stride(from: 0, through: isLong ? 32 : 0, by: 32) {
            for flow in 0..<flows { column[flow] = UInt32(truncatingIfNeeded: bytes(flow) >> UInt64(shift)) }
            HotColumn.append(column, flows, to: buffer)
        }
    }
}
