/// Records of each flow of a block, and the sums of their frame lengths.
final class SumsByFlow {
    let count: Int
    let records: UnsafeMutablePointer<UInt32>
    private let low: UnsafeMutablePointer<UInt32>
    /// Nil where 32 bits are enough.
    private var high: UnsafeMutablePointer<UInt32>?

    /// - Parameter cursor: at the sums of a flow blob.
    init(_ cursor: inout ByteCursor, count: Int) throws(ByteCursor.Exhausted) {
        self.count = count
        records = .allocate(capacity: max(count, 1))
        low = .allocate(capacity: max(count, 1))
        guard HotColumn.decode(&cursor, count, to: records) else { throw ByteCursor.Exhausted() }
        let mode = try cursor.take(UInt8.self)
        guard mode <= 1, HotColumn.decode(&cursor, count, to: low) else { throw ByteCursor.Exhausted() }
        guard mode == 1 else { return }
        let column = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        high = column
        guard HotColumn.decode(&cursor, count, to: column) else { throw ByteCursor.Exhausted() }
    }

    deinit {
        records.deallocate()
        low.deallocate()
        high?.deallocate()
    }

    @inline(__always)
    func bytes(_ flow: Int) -> UInt64 { UInt64(low[flow]) | (high.map { UInt64($0[flow]) << 32 } ?? 0) }
}
