internal import SQLite

extension StoreWriter {
    /// How long a failed write is left alone before it is tried again.
    private static let retryInterval: Int64 = 500_000_000

    /// Runs a write; an error becomes the trouble that is reported, not the caller's.
    @discardableResult
    func attempt(_ now: Int64, _ body: () throws(StoreError) -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            stall(error, now)
            return false
        }
    }

    private func stall(_ error: StoreError, _ now: Int64) {
        lastTry = now
        failures += 1
        let isNew = catalogue.withState { state in
            defer { state.statistics.trouble = error }
            return state.statistics.trouble == nil
        }
        if isNew { events.append(.stalled(error)) }
    }

    /// Writes the pending records as a block, if a failure has not just forbidden that.
    /// - Returns: whether nothing is pending any more.
    @discardableResult
    func commit(now: Int64) -> Bool {
        guard !pending.isEmpty else { return true }
        guard failures == 0 || now < lastTry || now - lastTry >= Self.retryInterval else { return false }
        encoder.encode(pending, names: names, clock: clockOffset ?? 0, to: &block)
        makeRoom(for: 2 * Int64(block.size) + 65_536, now: now)
        var after = tallies
        after.store(pending, disowned: catalogue.withState { $0.ledger.disowned })
        guard attempt(now, { () throws(StoreError) in try self.insertBlock(after, now) }) else {
            abandonBrokenSegment(now)
            return false
        }
        tallies = after
        forgetPending(now)
        // The block is stored, whatever becomes of this.
        attempt(now) { () throws(StoreError) in try self.checkpoint() }
        if rotateAfterCommit { rotate(now: now) } else { syncSoon(now: now) }
        return true
    }

    private func checkpoint() throws(StoreError) {
        guard let segment, try !segment.checkpointIfDue(after: block.size) else { return }
        events.append(.walPinned(name: segment.name, bytes: segment.walLength))
        rotateAfterCommit = true
    }

    /// - Parameter after: what counts when the block is stored.
    private func insertBlock(_ after: Tallies, _ now: Int64) throws(StoreError) {
        if segment == nil { try beginSegment(now) }
        let gaps = takeGaps()
        do {
            try segment!.insert(block, gaps: gaps, after, recovered: recovered)
            segment!.rollUp(encoder, block, names)
        } catch {
            returnGaps(gaps)
            throw error
        }
    }

    /// The gaps that are to be stored with the next commit, the overflow's among them.
    func takeGaps() -> [Gap] {
        if let gap = overflow {
            recordGap(gap)
            overflow = nil
        }
        return catalogue.withState { state in
            defer { state.gaps.removeAll() }
            return state.gaps
        }
    }

    func returnGaps(_ gaps: [Gap]) { catalogue.withState { $0.gaps = gaps + $0.gaps } }

    private func forgetPending(_ now: Int64) {
        let lost = tallies.all.values.reduce(0) { $0 + $1.lost }
        let number = segment!.nextNumber
        let (start, bytes) = (segment!.start, segment!.allocated)
        let added = block.first...block.last
        let (count, size) = (Int64(block.count), UInt64(block.size))
        let wasStalled = catalogue.withState { state in
            state.ledger.commit(pending)
            pending.removeAll()
            recovered = []
            state.place = BlockPlace(segment: start, number: number)
            state.statistics.blocks += 1
            state.statistics.blockBytes += size
            state.statistics.sources = tallies.all
            let last = state.segments.count - 1
            let old = state.segments[last].times ?? added
            state.segments[last].times =
                min(old.lowerBound, added.lowerBound)...max(old.upperBound, added.upperBound)
            state.segments[last].records += count
            state.segments[last].blocks += 1
            state.segments[last].bytes = bytes
            defer { state.statistics.trouble = nil }
            return state.statistics.trouble != nil
        }
        failures = 0
        if wasStalled { events.append(.recovered(lost: lost)) }
        turnTail(now)
    }

    /// Begins the tail of the next block. The file that it overwrites belongs to the block before the last, which
    /// has to be safe from a power cut by then.
    func turnTail(_ now: Int64) {
        beginMemoryTail(now)  // whatever becomes of the disk
        attempt(now) { () throws(StoreError) in
            if tails.turnOver() { try segment?.sync() }
            try beginTail(now)
        }
    }

    func beginTail(_ now: Int64) throws(StoreError) {
        let place = catalogue.withState { $0.place }
        beginMemoryTail(now)
        try tails.begin(place, names: names, flushed: now)
        (lastFlush, lastMark) = (now, now)
    }

    /// After errors that do not pass by themselves the segment is left as it is and another one begun.
    private func abandonBrokenSegment(_ now: Int64) {
        let trouble = catalogue.withState { $0.statistics.trouble }
        guard case .database(let error)? = trouble, error.kind != .full, error.kind != .busy, failures >= 3 else {
            return
        }
        if let segment { unsealed.append(segment) }
        segment = nil
    }

    /// Begins a segment and tells readers.
    func beginSegment(_ now: Int64) throws(StoreError) {
        let newest = catalogue.withState { $0.segments.last?.start ?? 0 }
        let start = max(now, newest + 1)
        let begun = try SegmentWriter.create(in: directory, start: start, counting: counting, tallies)
        if keepsInMemory { try begun.note(SegmentNote.unsynced, limits.syncInterval) }
        let (name, bytes) = (begun.name, begun.allocated)
        segment = begun
        catalogue.withState { state in
            state.segments.append(SegmentInfo(name: name, start: start, state: .running, bytes: bytes))
            state.place = BlockPlace(segment: start, number: 1)
        }
        events.append(.segmentBegun(name: name))
        try directory.sync()
    }
}
