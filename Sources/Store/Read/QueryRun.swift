internal import CHdrlog
internal import Filter
internal import Records

/// One query under way: blocks in order of time, merged where their times overlap.
struct QueryRun {
    /// A block that is to be read.
    struct Candidate {
        var segment: Int
        var row: BlockRow
        /// A block in memory, by its position in `view.pending`; then `segment` is meaningless.
        var pending: Int?
        /// The blocks that this one sums up, each once: a segment's rollup.
        var rolledUp: [Candidate] = []
    }

    let query: Query
    let view: StoreReader.View
    let directory: StoreDirectory
    let range: Range<Int64>
    var result: QueryResult
    var candidates: [Candidate] = []
    /// The next candidate to be opened.
    private var position = 0
    private var active: [Selection] = []
    /// Where `execute` returns, to be called again.
    private var pause = Int.max
    private var skip: Int
    var blocks: BlockReader
    /// Reads ahead of `position`; nil for a query on one thread, and as long as one block is enough.
    private var ahead: ReadAhead?
    private let threads: Int

    /// - Parameter threads: more than one lets another thread read the next blocks.
    init(_ query: Query, of store: StoreReader, threads: Int = 1) throws(StoreError) {
        let segments = OpenSegments(store.directory)
        self.query = query
        view = try store.view(segments)
        directory = store.directory
        range = Self.range(query)
        self.threads = threads
        blocks = BlockReader(view, segments, CompiledFilter(query.filter), range, query.order)
        skip = query.cursor?.delivered ?? 0
        let end = query.order == .ascending ? query.range.upperBound : query.range.lowerBound
        result = QueryResult(cursor: QueryCursor(time: end, delivered: 0))
        result.unreadable = view.unreadable
        result.gaps = view.gaps.filter { $0.overlaps(query.range) }
    }

    /// The range that is left behind the cursor.
    private static func range(_ query: Query) -> Range<Int64> {
        guard let cursor = query.cursor else { return query.range }
        let (lower, upper) = (query.range.lowerBound, query.range.upperBound)
        if query.order == .ascending {
            let start = max(lower, cursor.time)
            return start..<max(start, upper)
        }
        let end = min(upper, cursor.time == .max ? .max : cursor.time + 1)
        return min(lower, end)..<end
    }

    /// Finds the blocks in range and what is known of the range as a whole.
    /// - Parameter canAnswer: whether a segment's rollup may stand for its blocks, going by the question.
    mutating func plan(rollups canAnswer: (BlockRow) -> Bool = { _ in false }) {
        for (index, info) in view.segments.enumerated() { planSegment(index, info, canAnswer) }
        for (index, block) in view.pending.enumerated() where block.count > 0 {
            let (first, last) = (block.time(at: 0), block.time(at: block.count - 1))
            guard first < range.upperBound, last >= range.lowerBound else { continue }
            candidates.append(Candidate(segment: 0, row: .ofMemory(first, last, block), pending: index))
        }
        for candidate in candidates { note(candidate.row) }
        result.blocks = candidates.reduce(0) { $0 + max(1, $1.rolledUp.count) }
        candidates.sort { query.order == .ascending ? $0.row.first < $1.row.first : $0.row.last > $1.row.last }
        result.gaps.sort { $0.from < $1.from }
    }

    private mutating func planSegment(_ index: Int, _ info: SegmentInfo, _ canAnswer: (BlockRow) -> Bool) {
        do {
            let reader = try blocks.segments.reader(info)
            result.gaps += try reader.gaps().filter { $0.overlaps(query.range) }
            let limit = view.limit.map { $0.segment == info.start ? $0.number : $0.segment < info.start ? 0 : .max }
            let rows = try reader.rows(overlapping: range, below: limit ?? .max)
            let blocks = rows.sound.map { Candidate(segment: index, row: $0, pending: nil) }
            if blocks.count > 1, let rollup = reader.rollup(of: rows.sound), canAnswer(rollup) {
                candidates.append(Candidate(segment: index, row: rollup, rolledUp: blocks))
            } else {
                candidates += blocks
            }
            if !rows.damaged.isEmpty { noteDamage(info, "block \(rows.damaged[0]): its row's checksum") }
        } catch {
            if directory.length(info.name) > 0 { noteDamage(info, error.description) } else { noteDeleted(info) }
        }
    }

    private mutating func noteDeleted(_ info: SegmentInfo) {
        guard let times = info.times else { return }
        let gap = Gap(from: times.lowerBound, to: times.upperBound, reason: .deleted, count: UInt64(info.records))
        if gap.overlaps(query.range) { result.gaps.append(gap) }
    }

    private mutating func noteDamage(_ info: SegmentInfo, _ reason: String) {
        result.unreadable.append(.init(name: info.name, reason: reason))
        if let times = info.times {
            result.gaps.append(Gap(from: times.lowerBound, to: times.upperBound, reason: .damaged))
        }
    }

    private mutating func note(_ row: BlockRow) {
        let least = UInt32(clamping: row.leastRate)
        let rates = least...max(least, UInt32(clamping: row.greatestRate))
        result.rates =
            result.rates.map {
                min($0.lowerBound, rates.lowerBound)...max($0.upperBound, rates.upperBound)
            } ?? rates
        let (first, last) = (max(row.first, query.range.lowerBound), min(row.last, query.range.upperBound))
        guard first <= last else { return }
        result.covered = result.covered.map { min($0.lowerBound, first)...max($0.upperBound, last) } ?? first...last
    }

    /// - Parameter most: after so many records it returns, and goes on when it is called again; `result.stopped` and
    ///   `isFinished` tell why it returned.
    mutating func execute(
        most: Int = .max, _ shouldStop: () -> Bool, _ body: (borrowing HeaderRecord, String) -> Bool
    ) {
        guard query.limit != 0 else {
            result.stopped = .limit
            return
        }
        pause = most == .max ? .max : result.delivered + most
        while position < candidates.count {
            if shouldStop() {
                result.stopped = .cancelled
                return
            }
            guard deliver(until: bound(of: candidates[position].row), body) else { return }
            open(position)
            position += 1
        }
        if deliver(until: nil, body) { finish() }
    }

    private(set) var isFinished = false

    mutating func noteUnreadable(_ candidate: Candidate, _ error: StoreError) {
        result.unreadable.append(.init(name: view.segments[candidate.segment].name, reason: error.description))
        result.gaps.append(
            Gap(
                from: candidate.row.first, to: candidate.row.last, reason: .damaged,
                count: UInt64(candidate.row.count)))
    }

    private func bound(of row: BlockRow) -> Int64 { query.order == .ascending ? row.first : row.last }

    private mutating func open(_ position: Int) {
        // Many a query is answered by one block, which another thread could only delay.
        if threads > 1, position > 0, ahead == nil {
            ahead = ReadAhead(blocks, candidates, from: position)
        }
        let outcome = ahead?.take(position) ?? blocks.read(candidates[position])
        if case .passedOver = outcome { return }
        result.decoded += 1
        switch outcome {
        case .passedOver: break
        case .read(let selection): if let selection { active.append(selection) }
        case .unreadable(let error): noteUnreadable(candidates[position], error)
        }
    }

    /// Delivers what comes before a time, in order; nil is everything.
    /// - Returns: false when the query is at its end, or pauses.
    private mutating func deliver(until bound: Int64?, _ body: (borrowing HeaderRecord, String) -> Bool) -> Bool {
        while let next = nextActive() {
            let selection = active[next]
            do throws(StoreError) {
                // Blocks rarely overlap: one is mostly read to its end before another one's turn comes.
                repeat {
                    let time = selection.time
                    if let bound, query.order == .ascending ? time >= bound : time <= bound { return true }
                    guard try deliver(selection, time, body) else { return false }
                    try selection.advance()
                    if selection.isExhausted { active.remove(at: next) }
                    if result.delivered == pause { return false }
                } while active.count == 1 && !selection.isExhausted
            } catch {
                active.remove(at: next)
                noteUnreadable(selection.candidate, error)
            }
        }
        return true
    }

    private func nextActive() -> Int? {
        guard var best = active.indices.first else { return nil }
        for index in active.indices.dropFirst() {
            let (left, right) = (active[index].time, active[best].time)
            if query.order == .ascending ? left < right : left > right { best = index }
        }
        return best
    }

    private mutating func deliver(
        _ selection: Selection, _ time: Int64, _ body: (borrowing HeaderRecord, String) -> Bool
    ) throws(StoreError) -> Bool {
        if skip > 0, time == query.cursor?.time {
            skip -= 1
            return true
        }
        let record = try selection.record()
        let repeated = result.delivered > 0 && result.cursor.time == time
        let before = query.cursor?.time == time ? query.cursor!.delivered : 0
        result.cursor = QueryCursor(
            time: time, delivered: repeated ? result.cursor.delivered + 1 : before + 1)
        result.delivered += 1
        guard body(record, selection.name(of: record.metadata.ifindex)) else {
            result.stopped = .receiver
            return false
        }
        if let limit = query.limit, result.delivered >= limit {
            result.stopped = .limit
            return false
        }
        return true
    }

    /// After everything was delivered the next query begins at the end of this range.
    mutating func finish() {
        isFinished = true
        guard result.stopped == nil else { return }
        let end = query.order == .ascending ? query.range.upperBound : query.range.lowerBound
        result.cursor = QueryCursor(time: end, delivered: 0)
    }
}

extension BlockRow {
    static func ofMemory(_ first: Int64, _ last: Int64, _ block: DecodedBlock) -> BlockRow {
        var rates = (UInt32.max, UInt32.min)
        for index in 0..<block.count {
            guard let rate = try? block.record(at: index).metadata.rate else { continue }
            rates = (min(rates.0, rate), max(rates.1, rate))
        }
        return BlockRow(
            number: .max, first: first, last: last, count: Int64(block.count), clock: 0, leastRate: Int64(rates.0),
            greatestRate: Int64(rates.1), sums: PerBlob { _ in 0 }, summary: [])
    }
}
