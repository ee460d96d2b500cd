public import Records

/// The writing side of the store. One thread owns it; `reader` serves the others.
///
/// Nothing here waits for long, and nothing throws once the store is open: when the disk is full or fails, records
/// are kept as far as memory allows, then counted as lost; what is missing becomes a gap, and writing is tried again.
public final class StoreWriter {
    public internal(set) var limits: StoreLimits
    let directory: StoreDirectory
    let catalogue: Catalogue
    let pending: RecordRun
    let encoder: BlockEncoder
    var block = EncodedBlock()
    /// Held (flock) for as long as this writer may write.
    var lock: File?
    var tails: TailPair
    /// Where flushes go when syncs write blocks: it costs the disk nothing and outlives this process, not the power.
    var memoryTail: TailFile?
    var segment: SegmentWriter?
    /// When the block being filled got its first record.
    var pendingSince: Int64 = 0
    var clockOffset: Int64?
    var names: [UInt32: String] = [:]
    var lastFlush: Int64 = 0
    /// When the tail last noted until when everything is in it; nil when it has to at the next flush.
    var lastMark: Int64?
    /// Nothing waits that a tick within the next second would have to do.
    public internal(set) var isIdle = false
    var lastSync: Int64 = 0
    var lastTry = Int64.min
    /// Tails of an earlier process whose records are all among the pending ones.
    var recovered: [BlockPlace] = []
    var ageClock = AgeClock(last: nil)
    var failures = 0
    /// Records that found no room, as a gap that grows.
    var overflow: Gap?
    var events: [StoreEvent] = []
    var tallies = Tallies()
    /// Of the counting that the tallies belong to: a process that goes on with it goes on with them.
    let counting: UInt64
    /// The running segment ends behind the block that is being committed.
    var rotateAfterCommit = false
    /// Ended segments that a reader still holds.
    var unsealed: [SegmentWriter] = []

    /// Opens a directory (made if it is not there), recovers what an earlier process left, and begins a segment.
    /// - Parameter counting: identifies what the statistics count; those of an earlier process with the same number are
    ///   carried on.
    /// - Parameter memory: a file in memory that somebody holds for the next process, empty or as an earlier one left it;
    ///   the descriptor stays the property of the caller.
    public static func open(
        directory path: String, limits: StoreLimits = StoreLimits(), interfaces: [UInt32: String] = [:],
        counting: UInt64 = 0, memory: Int32? = nil, now: Int64
    ) throws(StoreError) -> (writer: StoreWriter, report: RecoveryReport) {
        guard limits.maxUse == 0 || limits.maxUse >= StoreLimits.leastMaxUse else {
            throw .unusable(limit: "max_use", reason: "at least \(StoreLimits.leastMaxUse >> 20) MiB are needed")
        }
        let writer = try StoreWriter(StoreDirectory(path: path), limits, interfaces, counting, memory, now)
        let report = try writer.recover(now: now)
        return (writer, report)
    }

    private init(
        _ directory: StoreDirectory, _ limits: StoreLimits, _ names: [UInt32: String], _ counting: UInt64,
        _ memory: Int32?, _ now: Int64
    ) throws(StoreError) {
        try directory.create()
        let lock = try File(directory.path(of: SegmentName.lock), .create)
        guard try lock.lock() else { throw .inUse(path: directory.path) }
        self.lock = consume lock
        self.directory = directory
        self.limits = limits
        self.names = names
        self.counting = counting
        pending = RecordRun(maximumCount: limits.blockRecords)
        encoder = BlockEncoder(maximumCount: limits.blockRecords)
        catalogue = Catalogue(directory: directory, pending: pending)
        tails = TailPair(directory)
        if let memory { memoryTail = try TailFile(memory: memory) }
        (lastFlush, lastSync) = (now, now)
        catalogue.withState { $0.names = names }
    }

    /// Answers queries, on any thread.
    public var reader: StoreReader { StoreReader(catalogue: catalogue) }

    /// What has happened since the last call.
    public func takeEvents() -> [StoreEvent] {
        defer { events.removeAll() }
        return events
    }

    /// Tells the name that an interface index stands for from now on.
    public func setInterface(_ index: UInt32, name: String, now: Int64) {
        guard names[index] != name else { return }
        if names[index] != nil { commit(now: now) }  // a block has one name for an index
        names[index] = name
        let names = names
        catalogue.withState { $0.names = names }
        if var tail = tails.takeCurrent() {
            attempt(now) { () throws(StoreError) in try tail.append(names: names) }
            tails.putBack(tail)
        }
        if var tail = memoryTail.take() {
            attempt(now) { () throws(StoreError) in try tail.append(names: names) }
            memoryTail = consume tail
        }
    }

    /// Takes a chunk's records over; the chunk is free again when this returns.
    public func append(_ chunk: RecordChunk, now: Int64) {
        noticeClockStep(chunk.clockOffset, now)
        isIdle = false
        if pending.isEmpty { pendingSince = now }
        var cursor = ChunkCursor(chunk)
        while !cursor.isAtEnd {
            if pending.isFull { commit(now: now) }
            if pending.isFull { lose(&cursor, of: chunk) } else { take(&cursor, of: chunk) }
        }
        publishTallies()
    }

    private func publishTallies() {
        let sources = tallies.all
        catalogue.withState { $0.statistics.sources = sources }
    }

    /// The anchor of a block is one: after a step of the wall clock a new one begins. After a long one a new segment
    /// does, too: its age is that of its last record.
    private func noticeClockStep(_ offset: Int64, _ now: Int64) {
        let step = abs(offset - (clockOffset ?? offset))
        if step > AgeClock.greatestStep {
            rotate(now: now)
        } else if step > 500_000_000, !pending.isEmpty {
            commit(now: now)
        }
        clockOffset = offset
    }

    /// Takes records over until the block is full.
    private func take(_ cursor: inout ChunkCursor, of chunk: RecordChunk) {
        var reached = cursor
        catalogue.withState { _ in
            while !reached.isAtEnd, !pending.isFull {
                let record = reached.next()
                pending.append(record)
                tallies.receive(record)
            }
            chunk.taken = reached.offset
        }
        cursor = reached
    }

    /// Counts the rest of a chunk as lost.
    private func lose(_ cursor: inout ChunkCursor, of chunk: RecordChunk) {
        var lost = cursor
        catalogue.withState { state in
            while !lost.isAtEnd {
                let record = lost.next()
                tallies.lose(record)
                state.ledger.lost.add(record.metadata)
                widenOverflow(record.time)
            }
            chunk.taken = lost.offset
            state.statistics.sources = tallies.all
        }
        cursor = lost
    }

    private func widenOverflow(_ time: Int64) {
        var gap = overflow ?? Gap(from: time, to: time, reason: .storeFull, count: 0)
        gap.from = min(gap.from, time)
        gap.to = max(gap.to, time)
        gap.count = (gap.count ?? 0) + 1
        overflow = gap
    }

    /// Books records that an earlier process had received and that died with it.
    public func lose(_ count: UInt64, of source: StoreStatistics.Source, in gap: Gap) {
        tallies.lose(count, of: source)
        recordGap(gap)
        publishTallies()
    }

    /// Statistics of an interface begin anew, as its counting does.
    public func forget(interface: UInt32) {
        tallies.forget(interface)
        let sources = tallies.all
        catalogue.withState { state in
            state.statistics.sources = sources
            state.ledger.disown(pending, interface: interface)
            state.ledger.stored.forget(interface)
            state.ledger.lost.forget(interface)
        }
    }

    /// Notes that records of this stretch are missing for a reason that the store does not see itself.
    public func recordGap(_ gap: Gap) { catalogue.withState { $0.gaps.append(gap) } }
}
