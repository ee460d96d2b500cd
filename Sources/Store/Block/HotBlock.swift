/// A block but for its cold blob: what most queries need.
///
/// The classes of its flows are read at once, all else when it is first asked for: to count a block's records of one
/// protocol, nothing else is touched. For one thread. What is found damaged is told by the throwing calls; after
/// `prepare` the columns may be read.
final class HotBlock {
    let count: Int
    let flowCount: Int
    let names: [UInt32: String]
    let classes: ClassTable
    private let flowBlob = ByteBuffer(capacity: 0)
    private let hotBlob = ByteBuffer(capacity: 0)
    private var table: FlowTable?
    private var endTable: FlowEnds?
    private var flowSums: SumsByFlow?
    private var timeColumn: UnsafeMutablePointer<Int64>?
    private var columns: [UnsafeMutablePointer<UInt32>?] = [nil, nil, nil]

    /// What can be asked for.
    enum Part {
        /// Classes and addresses of the flows.
        case addresses
        /// Classes, addresses and ports of the flows.
        case ends
        /// All header bytes of the flows, ends included.
        case flows
        /// Records and bytes by flow.
        case sums
        case times, flowNumbers, lengths, flags

        /// Where it lies: the flows' blob or the hot one.
        var blob: BlockBlob {
            switch self {
            case .addresses, .ends, .flows, .sums: .flows
            case .times, .flowNumbers, .lengths, .flags: .hot
            }
        }
    }

    /// - Parameters:
    ///   - classes: the blob.
    ///   - expected: the number of records by the block's row.
    init(
        classes blob: UnsafeRawBufferPointer, expected: Int, _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        var cursor = ByteCursor(blob)
        let version = try cursor.take(UInt8.self)
        count = Int(try cursor.take(UInt32.self))
        flowCount = Int(try cursor.take(UInt32.self))
        names = try Self.names(&cursor)
        guard version == BlockFormat.version, count == expected, flowCount <= count, count < 1 << 26 else {
            throw ByteCursor.Exhausted()
        }
        classes = try ClassTable(&cursor, decompressor)
    }

    deinit {
        timeColumn?.deallocate()
        for column in columns { column?.deallocate() }
    }

    private static func names(_ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) -> [UInt32: String] {
        var names: [UInt32: String] = [:]
        for _ in 0..<(try cursor.take(UInt16.self)) {
            let index = try cursor.take(UInt32.self)
            names[index] = try cursor.takeName()
        }
        return names
    }

    /// Where a part's blob has to be copied to before it is prepared; nil when it is there.
    func missing(_ part: Part) -> ByteBuffer? {
        let buffer = part.blob == .flows ? flowBlob : hotBlob
        return buffer.count == 0 ? buffer : nil
    }

    /// Unpacks a part, so that its property below may be used; its blob must have been copied.
    func prepare(_ part: Part, _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        switch part {
        case .addresses: try prepareEnds(hasPorts: false, decompressor)
        case .ends: try prepareEnds(hasPorts: true, decompressor)
        case .flows: try prepareFlows(decompressor)
        case .sums: try prepareSums()
        case .times: try prepareTimes()
        case .flowNumbers: try prepare(0, .flowNumbers, below: flowCount)
        case .lengths: try prepare(1, .lengths, below: nil)
        case .flags: try prepare(2, .flags, below: nil)
        }
    }

    private func prepareEnds(hasPorts: Bool, _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        if let endTable, endTable.hasPorts || !hasPorts { return }
        var cursor = try BlockFormat.cursor(FlowBlobPart.table, of: flowBlob)
        endTable = try FlowEnds(&cursor, count: flowCount, classes, hasPorts: hasPorts, decompressor)
    }

    private func prepareFlows(_ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        guard table == nil else { return }
        try prepareEnds(hasPorts: true, decompressor)
        var cursor = try BlockFormat.cursor(FlowBlobPart.table, of: flowBlob)
        table = try FlowTable(&cursor, ends, classes, decompressor)
    }

    private func prepareSums() throws(ByteCursor.Exhausted) {
        guard flowSums == nil else { return }
        var cursor = try BlockFormat.cursor(FlowBlobPart.sums, of: flowBlob)
        flowSums = try SumsByFlow(&cursor, count: flowCount)
    }

    private func prepare(_ index: Int, _ part: HotPart, below limit: Int?) throws(ByteCursor.Exhausted) {
        guard columns[index] == nil else { return }
        var cursor = try BlockFormat.cursor(part, of: hotBlob)
        let column = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        columns[index] = column
        guard HotColumn.decode(&cursor, count, to: column) else { throw ByteCursor.Exhausted() }
        guard let limit else { return }
        var greatest: UInt32 = 0
        for at in 0..<count { greatest = max(greatest, column[at]) }
        guard count == 0 || Int(greatest) < limit else { throw ByteCursor.Exhausted() }
    }

    private func prepareTimes() throws(ByteCursor.Exhausted) {
        guard timeColumn == nil else { return }
        var cursor = try BlockFormat.cursor(HotPart.times, of: hotBlob)
        let column = UnsafeMutablePointer<Int64>.allocate(capacity: max(count, 1))
        timeColumn = column
        let mode = try cursor.take(UInt8.self)
        var time = try cursor.take(Int64.self)
        if mode == 1 {
            for index in 0..<count { column[index] = try cursor.take(Int64.self) }
            return
        }
        let deltas = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        defer { deltas.deallocate() }
        guard mode == 0, PackedColumn.decode(&cursor, count, to: deltas) else { throw ByteCursor.Exhausted() }
        for index in 0..<count {
            time &+= Int64(deltas[index])
            column[index] = time
        }
    }

    /// The records whose times are in a range; needs the times.
    func records(in range: Range<Int64>) -> Range<Int> {
        let start = firstRecord(from: range.lowerBound)
        return start..<max(start, firstRecord(from: range.upperBound))
    }

    /// The first record not before a time, `count` if there is none.
    func firstRecord(from time: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    var ends: FlowEnds { endTable! }
    var flows: FlowTable { table! }
    var sums: SumsByFlow { flowSums! }
    var times: UnsafeMutablePointer<Int64> { timeColumn! }
    var flowNumbers: UnsafeMutablePointer<UInt32> { columns[0]! }
    var lengths: UnsafeMutablePointer<UInt32> { columns[1]! }
    var flags: UnsafeMutablePointer<UInt32> { columns[2]! }
}
