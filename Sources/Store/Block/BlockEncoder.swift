internal import CHdrlog
internal import Records

/// Encodes runs of records into blocks; its memory is used again from block to block.
final class BlockEncoder {
    private let order: TimeOrder
    private let raw = ByteBuffer(capacity: 1 << 20)
    private let compressor = ZstdCompressor()

    init(maximumCount: Int) { order = TimeOrder(capacity: maximumCount) }

    func encode(_ run: RecordRun, names: [UInt32: String], clock: Int64, to block: inout EncodedBlock) {
        order.sort(run)
        raw.count = 0
        var (least, greatest) = (UInt32.max, UInt32.min)
        for at in 0..<run.count {
            let record = run[Int(order.indexes[at])]
            least = min(least, record.metadata.rate)
            greatest = max(greatest, record.metadata.rate)
            withUnsafeBytes(of: record.metadata) { raw.append($0) }
            raw.append(record.bytes)
            raw.reserve(8)
            raw.count = (raw.count + 7) & ~7
        }
        block.hot.count = 0
        block.hot.append(UInt32(names.count))
        for (index, name) in names {
            block.hot.append(index)
            block.hot.append(name: name)
        }
        block.cold.count = 0
        block.cold.append(UInt64(raw.count))
        compressor.compress(raw.bytes, to: block.cold)
        block.summary.count = 0
        (block.first, block.last, block.count, block.clock) = (run.first, run.last, run.count, clock)
        block.rates = min(least, greatest)...greatest
    }
}
