internal import SQLite

extension StoreWriter {
    /// Does what is due: flush, sync, blocks that are old, rotation, retention, what failed before. To be called a
    /// few times a second, or once while it `isIdle`.
    public func tick(now: Int64) {
        if now < lastSync || now - lastSync >= limits.syncInterval { sync(now: now) }
        if now < lastFlush || now - lastFlush >= limits.flushInterval { flush(now: now) }
        if !pending.isEmpty, failures > 0 || now < pendingSince || now - pendingSince >= limits.blockMaxAge {
            commit(now: now)
        }
        storeGaps(now)
        sealLeftOver(now)
        makeRoom(for: 0, now: now)
    }

    /// Makes everything appended so far safe from the death of this process.
    public func flush(now: Int64) {
        lastFlush = now
        guard keepsInMemory, var tail = memoryTail.take() else { return flushToFile(now) }
        isIdle = attempt(now) { () throws(StoreError) in
            try tail.append(pending)
            try tail.mark(flushed: now)
        }
        memoryTail = consume tail
        refreshStatistics()
    }

    /// Whether flushes go to memory: where syncs are rare, and write blocks.
    var keepsInMemory: Bool { memoryTail != nil && limits.syncInterval >= Self.longSync }

    /// Flushes to memory, if that is where flushes go, and to the disk.
    func flushToAll(_ now: Int64) {
        if keepsInMemory { flush(now: now) }
        flushToFile(now)
    }

    /// Flushes go elsewhere from now on, or are followed by a sync after another time.
    func changeTail(_ now: Int64) {
        flushToFile(now)
        beginMemoryTail(now)
        if !keepsInMemory { clearMemoryTail(now) }
        let unsynced = keepsInMemory ? limits.syncInterval : 0
        attempt(now) { () throws(StoreError) in try segment?.note(SegmentNote.unsynced, unsynced) }
    }

    func beginMemoryTail(_ now: Int64) {
        guard var tail = memoryTail.take() else { return }
        tail.begin(catalogue.withState { $0.place }, names: names, flushed: now)
        memoryTail = consume tail
    }

    func clearMemoryTail(_ now: Int64) {
        guard let tail = memoryTail.take() else { return }
        attempt(now) { () throws(StoreError) in try tail.clear() }
        memoryTail = consume tail
    }

    private func flushToFile(_ now: Int64) {
        guard var tail = tails.takeCurrent() else { return turnTail(now) }
        // Each write costs flash some blocks: that there is nothing new is not noted each time.
        let isDue =
            pending.used > tail.kept || lastMark.map { now < $0 || now - $0 >= Self.markInterval } ?? true
        if isDue {
            lastMark = now
            isIdle = attempt(now) { () throws(StoreError) in
                try tail.append(pending)
                try tail.mark(flushed: now)
            }
        } else {
            isIdle = failures == 0
        }
        tails.putBack(tail)
        refreshStatistics()
    }

    /// How often the tail notes at least until when everything is in it: a gap after a crash may be told as so much longer.
    private static let markInterval: Int64 = 60_000_000_000
    /// From this sync interval on, and from so many records, a block is written where the tail would take as much room.
    private static let longSync: Int64 = 60_000_000_000
    private static let leastBlock = 1024

    /// Syncs now what is due soon: two writes at a time wear flash less than two at different times. A block that will be
    /// full before long is waited for.
    public func syncSoon(now: Int64) {
        if now - lastSync >= limits.syncInterval / 4 * 3, pending.count < limits.blockRecords / 2 { sync(now: now) }
    }

    /// Makes everything appended so far safe from a power cut.
    public func sync(now: Int64) {
        if limits.syncInterval >= Self.longSync, pending.count >= Self.leastBlock { commit(now: now) }
        flushToAll(now)
        lastSync = now
        attempt(now) { () throws(StoreError) in try segment?.sync() }
        guard var tail = tails.takeCurrent() else { return }
        attempt(now) { () throws(StoreError) in try tail.sync() }
        tails.putBack(tail)
    }

    /// Gaps must not wait for a full block.
    private func storeGaps(_ now: Int64) {
        guard failures == 0, segment != nil else { return }
        let gaps = takeGaps()
        guard !gaps.isEmpty else { return }
        if !attempt(now, { () throws(StoreError) in try segment!.insert(gaps: gaps) }) { returnGaps(gaps) }
    }

    /// Ends the running segment and begins the next one.
    public func rotate(now: Int64) {
        rotateAfterCommit = false
        let before = segment?.start
        if !pending.isEmpty { commit(now: now) }
        guard segment?.start == before else { return }  // the commit was the segment's last
        endSegment(now)
        attempt(now) { () throws(StoreError) in
            try beginSegment(now)
            try beginTail(now)
        }
        refreshStatistics()
    }

    private func endSegment(_ now: Int64) {
        guard let ended = segment else { return }
        segment = nil
        unsealed.append(ended)
        sealLeftOver(now)
    }

    /// Seals what has ended; a segment that a reader holds is tried again the next time.
    func sealLeftOver(_ now: Int64) {
        unsealed.removeAll { ended in
            do throws(StoreError) {
                try ended.seal(now: now)
            } catch {
                guard case .database(let cause) = error, cause.kind == .corrupt else { return false }
                setAside(ended.name, error.description)
                return true
            }
            noteSealed(ended.name, ended.allocated)
            return true
        }
    }

    private func noteSealed(_ name: String, _ bytes: Int64) {
        let records = catalogue.withState { state in
            guard let index = state.segments.firstIndex(where: { $0.name == name }) else { return Int64(0) }
            state.segments[index].state = .sealed
            state.segments[index].bytes = bytes
            return state.segments[index].records
        }
        events.append(.segmentSealed(name: name, records: records, bytes: bytes))
    }

    /// Renames a file that cannot be read, with what lies beside it.
    func setAside(_ name: String, _ reason: String) {
        try? directory.rename(name, to: name + SegmentName.damagedSuffix)
        for companion in SegmentName.companions(name) where directory.length(companion) > 0 {
            try? directory.rename(companion, to: companion + SegmentName.damagedSuffix)
        }
        catalogue.withState { state in state.segments.removeAll { $0.name == name } }
        events.append(.segmentSetAside(name: name, reason: reason))
    }

    /// Stores what is pending, seals the segment, notes that this was a proper end, and lets the directory go.
    public func close(now: Int64) {
        commit(now: now)
        attempt(now) { () throws(StoreError) in
            try segment?.insert(gaps: takeGaps())
            try segment?.note("closed", now)
        }
        flushToAll(now)
        endSegment(now)
        attempt(now) { () throws(StoreError) in try directory.sync() }
        lock = nil
    }

    /// A copy of the counts for readers.
    func refreshStatistics() {
        let (sources, used) = (tallies.all, usage())
        catalogue.withState { state in
            state.statistics.sources = sources
            state.statistics.used = used
        }
    }
}
