internal import CHdrlog
internal import Records

/// Encodes runs of records into blocks (docs/format.md); its memory is used again from block to block.
///
/// Per record: one walk over the headers, one look-up of its flow, and a code word that says which of the flow's
/// predictions held; only what was not foreseen is written.
final class BlockEncoder {
    private let order: TimeOrder
    private let compressor = ZstdCompressor()
    /// The flows' keys.
    let flows = BytesDictionary(capacity: 4096)
    private let options = BytesDictionary(capacity: 256)
    let table: FlowTableEncoder
    let sums: SumsEncoder
    private let scratch = UnsafeMutableRawPointer.allocate(byteCount: FlowKeyBytes.largest + 16, alignment: 16)
    private let states: UnsafeMutablePointer<FlowState>
    private let maximumCount: Int
    /// The hot columns: delta of time, flow, frame length, TCP flags; then rate and segments.
    private let columns: [UnsafeMutablePointer<UInt32>]
    private let streams: UnsafeMutablePointer<StreamWriter>
    private let optionsScratch = UnsafeMutableRawPointer.allocate(byteCount: 320, alignment: 16)
    private var hasLongDelta = false

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
        order = TimeOrder(capacity: maximumCount)
        states = .allocate(capacity: maximumCount)
        columns = (0..<7).map { _ in .allocate(capacity: maximumCount) }
        table = FlowTableEncoder()
        sums = SumsEncoder(maximumCount: maximumCount)
        // Nothing is longer than five bytes a record.
        streams = .allocate(capacity: FieldStream.allCases.count)
        for stream in FieldStream.allCases {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: maximumCount * 5 + 64, alignment: 16)
            (streams + stream.rawValue).initialize(to: StreamWriter(base: memory))
        }
    }

    deinit {
        scratch.deallocate()
        states.deallocate()
        for column in columns { column.deallocate() }
        for stream in FieldStream.allCases { streams[stream.rawValue].base.deallocate() }
        streams.deallocate()
        optionsScratch.deallocate()
    }

    func encode(_ run: RecordRun, names: [UInt32: String], clock: Int64, to block: inout EncodedBlock) {
        precondition(run.count <= maximumCount, "\(run.count) records are more than \(maximumCount)")
        order.sort(run)
        begin()
        let rates = encodeRecords(run)
        // Before the columns are written, which puts numbers in the place of lengths.
        sums.add(
            classes: table.classNumbers, flows: columns[1], lengths: columns[2], flags: columns[3], count: run.count)
        BlockFormat.writeClasses(
            records: run.count, flows: flows.count, names, table.classes, sums.classes, to: block.blobs[.classes],
            compressor)
        writeFlows(block.blobs[.flows])
        writeHot(run, block.blobs[.hot])
        writeCold(run.count, block.blobs[.cold])
        table.summary.write(to: block.summary, filter: block.blobs[.filter], compressor)
        (block.first, block.last, block.count, block.clock) = (run.first, run.last, run.count, clock)
        block.rates = rates
    }

    private func begin() {
        flows.removeAll()
        options.removeAll()
        table.removeAll()
        hasLongDelta = false
        for stream in FieldStream.allCases { streams[stream.rawValue].count = 0 }
    }

    private func encodeRecords(_ run: RecordRun) -> ClosedRange<UInt32> {
        var (least, greatest) = (UInt32.max, UInt32.min)
        var previous = run.first
        let fields = FieldEncoder(streams: streams, states: states, options: options, scratch: optionsScratch)
        for at in 0..<run.count {
            let record = run[Int(order.indexes[at])]
            let rate = record.metadata.rate
            (least, greatest) = (min(least, rate), max(greatest, rate))
            let delta = record.time &- previous
            previous = record.time
            if delta > Int64(UInt32.max) { hasLongDelta = true }
            columns[0][at] = UInt32(truncatingIfNeeded: delta)
            columns[2][at] = record.metadata.frame_length
            columns[4][at] = rate
            columns[5][at] = UInt32(record.metadata.segments)
            columns[6][at] = UInt32(record.metadata.generation)
            encode(record, at, fields)
        }
        return min(least, greatest)...greatest
    }

    @inline(__always)
    private func encode(_ record: HeaderRecord, _ at: Int, _ fields: FieldEncoder) {
        let layout = HeaderLayout(record)
        let shape = HeaderShape(layout, captured: record.bytes.count)
        FlowKeyBytes.write(record.metadata, shape, to: scratch)
        if let from = record.bytes.baseAddress {
            (scratch + FlowKeyBytes.prefix).copyMemory(from: from, byteCount: shape.fixedLength)
            shape.clear(scratch + FlowKeyBytes.prefix)
        }
        let key = UnsafeRawBufferPointer(start: scratch, count: FlowKeyBytes.prefix + shape.fixedLength)
        let (flow, isNew) = flows.number(of: key)
        if isNew {
            let (relation, other) = table.add(key, shape, flow, flows)
            FlowState.begin(states, flow, relation, other)
        }
        columns[1][at] = UInt32(truncatingIfNeeded: flow)
        columns[3][at] =
            shape.transport == .tcp ? UInt32(record.bytes[shape.transportOffset &+ 13]) : 0
        fields.encode(record, shape, flow)
    }

    private func writeFlows(_ blob: ByteBuffer) {
        BlockFormat.write(FlowBlobPart.self, to: blob) { part in
            switch part {
            case .sums: sums.writeFlows(flows.count, to: blob)
            case .table: table.writeFlows(to: blob, compressor)
            }
        }
    }

    private func writeHot(_ run: RecordRun, _ hot: ByteBuffer) {
        BlockFormat.write(HotPart.self, to: hot) { part in
            switch part {
            case .times: writeTimes(run, hot)
            case .flowNumbers: HotColumn.append(columns[1], run.count, to: hot)
            case .lengths: HotColumn.append(columns[2], run.count, to: hot)
            case .flags: HotColumn.append(columns[3], run.count, to: hot)
            }
        }
    }

    private func writeTimes(_ run: RecordRun, _ hot: ByteBuffer) {
        hot.append(UInt8(hasLongDelta ? 1 : 0))
        hot.append(run.first)
        guard hasLongDelta else { return PackedColumn.encode(columns[0], run.count, to: hot) }
        for at in 0..<run.count { hot.append(run.time(at: Int(order.indexes[at]))) }
    }

    private func writeCold(_ count: Int, _ cold: ByteBuffer) {
        cold.count = 0
        for column in 4...6 { HotColumn.append(columns[column], count, to: cold) }
        cold.append(UInt32(options.count))
        for number in 0..<options.count { cold.append(UInt8(options[number].count)) }
        CompressedStream.append(options.arena.bytes, to: cold, compressor)
        for stream in FieldStream.allCases {
            let writer = streams[stream.rawValue]
            CompressedStream.append(
                UnsafeRawBufferPointer(start: writer.base, count: writer.count), to: cold,
                stream.isCompressed ? compressor : nil)
        }
        cold.append(UInt64(0))
    }
}
