/// The parts of a hot blob, in their order; a directory says where each begins.
enum HotPart: Int, CaseIterable {
    case totals, flows, times, flowNumbers, lengths, flags
}

/// The part of a block that most queries need: names, flows, and the columns time, flow, frame length, TCP flags.
///
/// Each is unpacked when it is first asked for: to count a block's records of one flow, nothing else is touched.
/// For one thread. What is found damaged is told by the throwing calls; after `prepare` the columns may be read.
final class HotBlock {
    let count: Int
    let names: [UInt32: String]
    private let bytes = ByteBuffer()
    let flowCount: Int
    private let first: Int64
    private var starts: [Int] = []
    private var table: FlowTable?
    private var classTable: ClassTable?
    private var endTable: FlowEnds?
    private var timeColumn: UnsafeMutablePointer<Int64>?
    private var columns: [UnsafeMutablePointer<UInt32>?] = [nil, nil, nil]

    /// - Parameter expected: the number of records by the block's row.
    init(_ blob: UnsafeRawBufferPointer, expected: Int) throws(ByteCursor.Exhausted) {
        bytes.append(blob)
        var cursor = ByteCursor(bytes.bytes)
        let version = try cursor.take(UInt8.self)
        count = Int(try cursor.take(UInt32.self))
        flowCount = Int(try cursor.take(UInt32.self))
        first = try cursor.take(Int64.self)
        names = try Self.names(&cursor)
        guard version == 3, count == expected, flowCount <= count, count < 1 << 26 else { throw ByteCursor.Exhausted() }
        for _ in HotPart.allCases { starts.append(Int(try cursor.take(UInt32.self))) }
        guard starts.allSatisfy({ $0 <= blob.count }) else { throw ByteCursor.Exhausted() }
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

    /// Unpacks parts, so that the properties below may be used.
    func prepare(_ parts: [HotPart], _ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        for part in parts {
            var cursor = cursor(part)
            switch part {
            case .totals: try prepareClasses(decompressor)
            case .flows:
                if table == nil { table = try FlowTable(&cursor, count: flowCount, decompressor) }
            case .times: try prepareTimes(&cursor)
            case .flowNumbers: try prepare(0, &cursor, below: flowCount)
            case .lengths: try prepare(1, &cursor, below: nil)
            case .flags: try prepare(2, &cursor, below: nil)
            }
        }
    }

    private func cursor(_ part: HotPart) -> ByteCursor {
        ByteCursor(UnsafeRawBufferPointer(rebasing: bytes.bytes[starts[part.rawValue]...]))
    }

    /// Reads the flows' classes and their sums, so that `classes` may be used.
    func prepareClasses(_ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        guard classTable == nil else { return }
        var (flows, totals) = (cursor(.flows), cursor(.totals))
        classTable = try ClassTable(&flows, totals: &totals, decompressor)
    }

    /// Reads the flows' classes, addresses and ports, so that `classes` and `ends` may be used.
    func prepareEnds(_ decompressor: ZstdDecompressor) throws(ByteCursor.Exhausted) {
        guard endTable == nil else { return }
        try prepareClasses(decompressor)
        var cursor = cursor(.flows)
        endTable = try FlowEnds(&cursor, count: flowCount, classes, decompressor)
    }

    private func prepare(_ index: Int, _ cursor: inout ByteCursor, below limit: Int?) throws(ByteCursor.Exhausted) {
        guard columns[index] == nil else { return }
        let column = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        columns[index] = column
        guard HotColumn.decode(&cursor, count, to: column) else { throw ByteCursor.Exhausted() }
        guard let limit else { return }
        var greatest: UInt32 = 0
        for at in 0..<count { greatest = max(greatest, column[at]) }
        guard count == 0 || Int(greatest) < limit else { throw ByteCursor.Exhausted() }
    }

    private func prepareTimes(_ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) {
        guard timeColumn == nil else { return }
        let column = UnsafeMutablePointer<Int64>.allocate(capacity: max(count, 1))
        timeColumn = column
        let mode = try cursor.take(UInt8.self)
        if mode == 1 {
            for index in 0..<count { column[index] = try cursor.take(Int64.self) }
            return
        }
        let deltas = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        defer { deltas.deallocate() }
        guard mode == 0, PackedColumn.decode(&cursor, count, to: deltas) else { throw ByteCursor.Exhausted() }
        var time = first
        for index in 0..<count {
            time &+= Int64(deltas[index])
            column[index] = time
        }
    }

    var classes: ClassTable { classTable! }
    var ends: FlowEnds { endTable! }
    var flows: FlowTable { table! }
    var times: UnsafeMutablePointer<Int64> { timeColumn! }
    var flowNumbers: UnsafeMutablePointer<UInt32> { columns[0]! }
    var lengths: UnsafeMutablePointer<UInt32> { columns[1]! }
    var flags: UnsafeMutablePointer<UInt32> { columns[2]! }
}
