internal import CHdrlog
internal import Records

/// The classes of a block's flows (what many flows have in common), each with the sums over its records.
///
/// There are few of them, so a question that addresses, ports and MAC addresses do not matter to is answered here.
struct ClassTable {
    struct Entry {
        /// Key bytes with MAC pair, flow label, addresses and ports cleared.
        var key: UnsafeRawBufferPointer
        var shape: HeaderShape
        var records: UInt32 = 0
        /// Frame lengths.
        var bytes: UInt64 = 0
    }

    private(set) var entries: [Entry] = []
    /// The keys lie here.
    private let memory = ByteBuffer(capacity: 1 << 12)

    /// - Parameters:
    ///   - cursor: at the flow table, which begins with the classes.
    ///   - totals: at the sums.
    init(
        _ cursor: inout ByteCursor, totals: inout ByteCursor, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        let count = Int(try cursor.take(UInt32.self))
        let range = try CompressedStream.take(&cursor, to: memory, decompressor)
        var at = range.lowerBound
        for _ in 0..<count {
            guard at + FlowKeyBytes.prefix <= range.upperBound else { throw ByteCursor.Exhausted() }
            let end =
                at + FlowKeyBytes.prefix
                + Int(memory.base.loadUnaligned(fromByteOffset: at + 14, as: UInt16.self))
            guard end <= range.upperBound else { throw ByteCursor.Exhausted() }
            let key = UnsafeRawBufferPointer(rebasing: memory.bytes[at..<end])
            guard let shape = FlowKeyBytes.shape(key) else { throw ByteCursor.Exhausted() }
            entries.append(Entry(key: key, shape: shape))
            at = end
        }
        try readTotals(&totals, decompressor)
    }

    private mutating func readTotals(
        _ cursor: inout ByteCursor, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        let memory = ByteBuffer()
        let range = try CompressedStream.take(&cursor, to: memory, decompressor)
        var totals = ByteCursor(UnsafeRawBufferPointer(rebasing: memory.bytes[range]))
        for index in entries.indices { entries[index].records = try totals.take() }
        for index in entries.indices { entries[index].bytes = try totals.take() }
    }
}
