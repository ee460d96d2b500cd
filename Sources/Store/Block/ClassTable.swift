internal import CHdrlog
internal import Records

/// The classes of a block's flows (what many flows have in common), each with the sums over its records by TCP flags.
///
/// There are few of them, so a question that addresses, ports and MAC addresses do not matter to is answered here.
struct ClassTable {
    struct Entry {
        /// Key bytes with MAC pair, flow label, addresses and ports cleared.
        var key: UnsafeRawBufferPointer
        var shape: HeaderShape
        /// Its place in `sums`.
        var sums = 0..<0
    }

    struct Sum {
        /// 0 of what is not TCP.
        var flags: UInt8
        var records: UInt32
        /// Frame lengths.
        var bytes: UInt64
    }

    private(set) var entries: [Entry] = []
    private(set) var sums: [Sum] = []
    /// The keys lie here.
    private let memory = ByteBuffer(capacity: 1 << 12)

    /// Without any class.
    init() {}

    /// - Parameter cursor: at the classes in their blob.
    init(_ cursor: inout ByteCursor, _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
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
        try readSums(&cursor, decompressor)
    }

    private mutating func readSums(
        _ cursor: inout ByteCursor, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        let count = Int(try cursor.take(UInt32.self))
        let memory = ByteBuffer()
        let range = try CompressedStream.take(&cursor, to: memory, decompressor)
        var stored = ByteCursor(UnsafeRawBufferPointer(rebasing: memory.bytes[range]))
        var number = 0
        for index in 0..<count {
            number += Int(clamping: try stored.takeVariable())
            guard number < entries.count else { throw ByteCursor.Exhausted() }
            let start = entries[number].sums.isEmpty ? index : entries[number].sums.lowerBound
            entries[number].sums = start..<(index + 1)
            sums.append(
                Sum(
                    flags: try stored.take(), records: UInt32(clamping: try stored.takeVariable()),
                    bytes: try stored.takeVariable()))
        }
    }
}
