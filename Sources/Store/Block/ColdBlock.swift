internal import CHdrlog
internal import Records

/// The header bytes of a block's records, rebuilt in their order when they are asked for.
///
/// A record follows from those before it of its own flow and of the flows that this one is related to. Of all others
/// nothing is rebuilt: they are passed over in the streams, which takes a fraction of the time.
final class ColdBlock {
    /// In which order records are asked for.
    enum Order {
        /// Each is asked for behind those before it, or once more: few are kept at a time.
        case ascending
        /// Everything is kept.
        case any
    }

    private let hot: HotBlock
    private let flows: FlowTable
    private let rates: NotedColumn
    private let segments: NotedColumn
    private let generations: NotedColumn
    /// Streams and options.
    private let memory: ByteBuffer
    private let options: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>
    private let streams: UnsafeMutablePointer<StreamReader>
    private let states: UnsafeMutablePointer<FlowState>
    /// Flows whose records are rebuilt; nil for all.
    private let needed: UnsafeMutablePointer<Bool>?
    /// Flows with a state: they are numbered in the order of their first records.
    private var known = 0
    /// The record that the streams have come to.
    private var next = 0
    /// No record from here on is asked for.
    private let end: Int
    /// The records that are kept, and where the bytes of each begin.
    private var kept = 0..<0
    private let offsets: UnsafeMutablePointer<UInt32>
    private let arena: ByteBuffer
    private let most: Int

    /// Needs flows, times, flow numbers, lengths and flags of the hot block.
    /// - Parameters:
    ///   - bytes: the cold blob.
    ///   - wanted: the records that will be asked for, by their numbers in ascending order; nil for all.
    init(
        _ hot: HotBlock, _ bytes: UnsafeRawBufferPointer, wanted: [UInt32]? = nil, _ order: Order,
        _ decompressor: ZstdDecompressor
    ) throws(ByteCursor.Exhausted) {
        var cursor = ByteCursor(bytes)
        rates = try NotedColumn(&cursor, hot.count)
        segments = try NotedColumn(&cursor, hot.count)
        generations = try NotedColumn(&cursor, hot.count)
        var lengths: [Int] = []
        for _ in 0..<(try cursor.take(UInt32.self)) { lengths.append(Int(try cursor.take(UInt8.self))) }
        let memory = ByteBuffer(capacity: 1 << 19)
        let entries = try Self.split(try CompressedStream.take(&cursor, to: memory, decompressor), lengths)
        var ranges: [Range<Int>] = []
        for _ in FieldStream.allCases { ranges.append(try CompressedStream.take(&cursor, to: memory, decompressor)) }
        (self.hot, self.memory, flows) = (hot, memory, hot.flows)
        end = wanted.map { $0.last.map { Int($0) + 1 } ?? 0 } ?? hot.count
        most = order == .any ? end : min(end, 64)
        offsets = .allocate(capacity: most + 1)
        arena = ByteBuffer(capacity: 96 * most + 512)
        states = .allocate(capacity: max(hot.flowCount, 1))
        needed = wanted.map { Self.needed($0, hot) }
        options = .allocate(capacity: entries.count)
        streams = .allocate(capacity: ranges.count)
        for (number, entry) in entries.enumerated() {
            options.initializeElement(at: number, to: UnsafeRawBufferPointer(rebasing: memory.bytes[entry]))
        }
        for (number, range) in ranges.enumerated() {
            (streams + number).initialize(to: StreamReader(UnsafeRawPointer(memory.base), range))
        }
    }

    deinit {
        offsets.deallocate()
        states.deallocate()
        needed?.deallocate()
        options.deallocate()
        streams.deallocate()
    }

    /// Where the options entries lie.
    private static func split(_ range: Range<Int>, _ lengths: [Int]) throws(ByteCursor.Exhausted) -> [Range<Int>] {
        var entries: [Range<Int>] = []
        var at = range.lowerBound
        for length in lengths {
            guard length >= OptionsEntry.prefix, at + length <= range.upperBound else { throw ByteCursor.Exhausted() }
            entries.append(at..<(at + length))
            at += length
        }
        return entries
    }

    /// The flows of these records, and all that are related to them.
    private static func needed(_ wanted: [UInt32], _ hot: HotBlock) -> UnsafeMutablePointer<Bool> {
        let (count, flows) = (hot.flowCount, hot.flows)
        let needed = UnsafeMutablePointer<Bool>.allocate(capacity: max(count, 1))
        needed.initialize(repeating: false, count: count)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { first in
            // The first of those that are related; a flow is related to one before it.
            for flow in 0..<count {
                let (relation, other) = flows.related(flow)
                first[flow] = relation == .none ? UInt32(truncatingIfNeeded: flow) : first[other]
            }
            for index in wanted { needed[Int(first[Int(hot.flowNumbers[Int(index)])])] = true }
            for flow in 0..<count { needed[flow] = needed[Int(first[flow])] }
        }
        return needed
    }

    /// - Returns: the record, valid until the next call; nil when the block contradicts itself.
    func record(at index: Int) -> HeaderRecord? {
        if !kept.contains(index), !keep(from: index) { return nil }
        let place = index &- kept.lowerBound
        let (start, end) = (Int(offsets[place]), Int(offsets[place &+ 1]))
        var metadata = flows.metadata(Int(hot.flowNumbers[index]))
        metadata.boot_ns = UInt64(bitPattern: hot.times[index])
        metadata.frame_length = hot.lengths[index]
        metadata.captured = UInt16(truncatingIfNeeded: end &- start)
        metadata.rate = rates[index]
        metadata.segments = UInt16(truncatingIfNeeded: segments[index])
        metadata.generation = UInt8(truncatingIfNeeded: generations[index])
        return HeaderRecord(
            time: hot.times[index], metadata: metadata,
            bytes: UnsafeRawBufferPointer(start: arena.base + start, count: end &- start))
    }

    private func keep(from index: Int) -> Bool {
        let start = most == end ? 0 : index
        precondition(start >= next && index < end, "records are asked for in another order than was said")
        kept = 0..<0
        arena.count = 0
        let stop = min(start + most, end)
        guard rebuild(to: start, keeping: false), rebuild(to: stop, keeping: true) else { return false }
        kept = start..<stop
        return true
    }

    /// - Parameter keeping: leaves the bytes in the arena, one record's behind the other's.
    /// - Returns: false when the block contradicts itself.
    private func rebuild(to stop: Int, keeping: Bool) -> Bool {
        let decoder = FieldDecoder(streams: streams, states: states, options: UnsafeBufferPointer(options))
        let (numbers, lengths, flags) = (hot.flowNumbers, hot.lengths, hot.flags)
        let (flows, arena, offsets, needed, start) = (flows, arena, offsets, needed, next)
        var known = known
        offsets[0] = 0
        for index in start..<stop {
            let flow = Int(numbers[index])
            let isNew = flow == known
            guard flow <= known else { return false }
            if isNew { known &+= 1 }
            if let needed, !needed[flow] {
                decoder.pass(flows.shape(flow))
            } else {
                if isNew {
                    let (relation, other) = flows.related(flow)
                    FlowState.begin(states, flow, relation, other)
                }
                let source = FieldDecoder.Source(
                    template: flows.template(flow), shape: flows.shape(flow), flow: flow,
                    frameLength: Int(lengths[index]), flags: UInt8(truncatingIfNeeded: flags[index]))
                arena.reserve(Int(HDRLOG_MAX_CAPTURED) + 8)
                guard let length = decoder.decode(source, to: arena.base + arena.count) else { return false }
                if keeping { arena.count &+= length }
            }
            if keeping { offsets[index &- start &+ 1] = UInt32(truncatingIfNeeded: arena.count) }
        }
        (self.known, next) = (known, stop)
        return true
    }
}
