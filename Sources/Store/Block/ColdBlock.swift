internal import CHdrlog
internal import Records

/// All header bytes of a block, rebuilt from both of its parts.
final class ColdBlock {
    private let arena: ByteBuffer
    /// Where each record's bytes begin; one more than there are records.
    private let offsets: UnsafeMutablePointer<UInt32>
    private let metadata: UnsafeMutablePointer<hdrlog_record>

    /// - Parameter bytes: the cold blob.
    init(_ hot: HotBlock, _ bytes: UnsafeRawBufferPointer, _ decompressor: ZstdDecompressor) throws(ByteCursor
        .Exhausted)
    {
        let count = hot.count
        offsets = .allocate(capacity: count + 1)
        metadata = .allocate(capacity: max(count, 1))
        arena = ByteBuffer(capacity: 96 * count + 512)
        offsets.initialize(repeating: 0, count: count + 1)
        metadata.initialize(repeating: hdrlog_record(), count: max(count, 1))
        var cursor = ByteCursor(bytes)
        try decodeNoted(hot, &cursor)
        let memory = ByteBuffer(capacity: 1 << 16)
        var lengths: [Int] = []
        for _ in 0..<(try cursor.take(UInt32.self)) { lengths.append(Int(try cursor.take(UInt8.self))) }
        let entries = try CompressedStream.take(&cursor, to: memory, decompressor)
        var ranges: [Range<Int>] = []
        for _ in FieldStream.allCases { ranges.append(try CompressedStream.take(&cursor, to: memory, decompressor)) }
        let options = try Self.split(memory, entries, lengths)
        guard rebuild(hot, memory, ranges, options) else { throw ByteCursor.Exhausted() }
    }

    deinit {
        offsets.deallocate()
        metadata.deallocate()
    }

    /// Rate, segments and generation, which hardly ever change.
    private func decodeNoted(_ hot: HotBlock, _ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) {
        let values = UnsafeMutablePointer<UInt32>.allocate(capacity: max(hot.count, 1))
        defer { values.deallocate() }
        for column in 0..<3 {
            guard HotColumn.decode(&cursor, hot.count, to: values) else { throw ByteCursor.Exhausted() }
            for index in 0..<hot.count {
                switch column {
                case 0: metadata[index].rate = values[index]
                case 1: metadata[index].segments = UInt16(truncatingIfNeeded: values[index])
                default: metadata[index].generation = UInt8(truncatingIfNeeded: values[index])
                }
            }
        }
    }

    private static func split(
        _ memory: ByteBuffer, _ range: Range<Int>, _ lengths: [Int]
    ) throws(ByteCursor.Exhausted) -> [UnsafeRawBufferPointer] {
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: memory.bytes[range]))
        var entries: [UnsafeRawBufferPointer] = []
        for length in lengths {
            guard length >= OptionsEntry.prefix else { throw ByteCursor.Exhausted() }
            entries.append(try cursor.take(bytes: length))
        }
        return entries
    }

    private func rebuild(
        _ hot: HotBlock, _ memory: ByteBuffer, _ ranges: [Range<Int>], _ options: [UnsafeRawBufferPointer]
    ) -> Bool {
        let states = UnsafeMutablePointer<FlowState>.allocate(capacity: max(hot.flows.entries.count, 1))
        let streams = UnsafeMutablePointer<StreamReader>.allocate(capacity: ranges.count)
        defer {
            states.deallocate()
            streams.deallocate()
        }
        for (index, range) in ranges.enumerated() {
            (streams + index).initialize(to: StreamReader(UnsafeRawPointer(memory.base), range))
        }
        let decoder = FieldDecoder(streams: streams, states: states, options: options)
        var known = 0
        for index in 0..<hot.count {
            let flow = Int(hot.flowNumbers[index])
            let entry = hot.flows.entries[flow]
            // Flows are numbered in the order of their first records.
            guard flow <= known else { return false }
            if flow == known {
                FlowState.begin(states, flow, entry.relation, entry.other)
                known += 1
            }
            let source = FieldDecoder.Source(
                template: hot.flows.template(flow), shape: entry.shape, flow: flow,
                frameLength: Int(hot.lengths[index]),
                flags: UInt8(truncatingIfNeeded: hot.flags[index]))
            arena.reserve(Int(HDRLOG_MAX_CAPTURED) + 8)
            guard let length = decoder.decode(source, to: arena.base + arena.count) else { return false }
            note(index, hot, flow, length)
            arena.count += length
            offsets[index + 1] = UInt32(arena.count)
        }
        return true
    }

    @inline(__always)
    private func note(_ index: Int, _ hot: HotBlock, _ flow: Int, _ length: Int) {
        var full = FlowKeyBytes.metadata(hot.flows.key(flow))
        full.boot_ns = UInt64(bitPattern: hot.times[index])
        full.frame_length = hot.lengths[index]
        full.captured = UInt16(truncatingIfNeeded: length)
        full.rate = metadata[index].rate
        full.segments = metadata[index].segments
        full.generation = metadata[index].generation
        metadata[index] = full
    }

    func record(at index: Int, time: Int64) -> HeaderRecord {
        let (start, end) = (Int(offsets[index]), Int(offsets[index + 1]))
        return HeaderRecord(
            time: time, metadata: metadata[index],
            bytes: UnsafeRawBufferPointer(start: arena.base + start, count: end - start))
    }
}
