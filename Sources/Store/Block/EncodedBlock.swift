/// An encoded block: what goes into a segment's tables. The buffers are used again for the next one.
struct EncodedBlock: ~Copyable {
    let blobs = PerBlob { _ in ByteBuffer(capacity: 1 << 16) }
    let summary = ByteBuffer(capacity: 1 << 10)
    var first: Int64 = 0
    var last: Int64 = 0
    var count = 0
    var clock: Int64 = 0
    var rates: ClosedRange<UInt32> = 1...1

    func row(place: BlockPlace) -> BlockRow {
        BlockRow(
            number: place.number, first: first, last: last, count: Int64(count), clock: clock,
            leastRate: Int64(rates.lowerBound), greatestRate: Int64(rates.upperBound),
            sums: PerBlob { XXHash64.hash(blobs[$0].bytes) }, summary: Array(summary.bytes))
    }

    var size: Int { BlockBlob.allCases.reduce(summary.count) { $0 + blobs[$1].count } }
}
