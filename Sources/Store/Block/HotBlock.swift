/// The part of a block that most queries need: names, flows, and the columns time, flow, frame length, TCP flags.
final class HotBlock {
    let count: Int
    let names: [UInt32: String]
    let flows: FlowTable
    let times: UnsafeMutablePointer<Int64>
    let flowNumbers: UnsafeMutablePointer<UInt32>
    let lengths: UnsafeMutablePointer<UInt32>
    let flags: UnsafeMutablePointer<UInt32>

    /// - Parameter expected: the number of records by the block's row.
    init(_ bytes: UnsafeRawBufferPointer, expected: Int, _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted)
    {
        var cursor = ByteCursor(bytes)
        let version = try cursor.take(UInt8.self)
        let records = Int(try cursor.take(UInt32.self))
        let flowCount = Int(try cursor.take(UInt32.self))
        let first = try cursor.take(Int64.self)
        guard version == 1, records == expected, flowCount <= records, records < 1 << 26 else {
            throw ByteCursor.Exhausted()
        }
        names = try Self.names(&cursor)
        flows = try FlowTable(&cursor, count: flowCount, decompressor)
        count = records
        times = .allocate(capacity: max(records, 1))
        flowNumbers = .allocate(capacity: max(records, 1))
        lengths = .allocate(capacity: max(records, 1))
        flags = .allocate(capacity: max(records, 1))
        guard decodeTimes(&cursor, first), HotColumn.decode(&cursor, count, to: flowNumbers),
            HotColumn.decode(&cursor, count, to: lengths), HotColumn.decode(&cursor, count, to: flags),
            !(0..<count).contains(where: { Int(flowNumbers[$0]) >= flowCount })
        else { throw ByteCursor.Exhausted() }
    }

    deinit {
        times.deallocate()
        flowNumbers.deallocate()
        lengths.deallocate()
        flags.deallocate()
    }

    private static func names(_ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) -> [UInt32: String] {
        var names: [UInt32: String] = [:]
        for _ in 0..<(try cursor.take(UInt16.self)) {
            let index = try cursor.take(UInt32.self)
            names[index] = try cursor.takeName()
        }
        return names
    }

    private func decodeTimes(_ cursor: inout ByteCursor, _ first: Int64) -> Bool {
        guard let mode = try? cursor.take(UInt8.self), mode <= 1 else { return false }
        if mode == 1 {
            for index in 0..<count {
                guard let time = try? cursor.take(Int64.self) else { return false }
                times[index] = time
            }
            return true
        }
        guard PackedColumn.decode(&cursor, count, to: flowNumbers) else { return false }
        var time = first
        for index in 0..<count {
            time &+= Int64(flowNumbers[index])
            times[index] = time
        }
        return true
    }
}
