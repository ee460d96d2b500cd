internal import SQLite

extension StoreWriter {
    /// Does what is due: flush, sync, blocks that are old, rotation, retention, what failed before. To be called a
    /// few times a second, or once while it `isIdle`.
    public func tick(now: Int64) {
        if now < lastFlush || now - lastFlush >= limits.flushInterval { flush(now: now) }
        if now < lastSync || now - lastSync >= limits.syncInterval { sync(now: now) }
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
        guard var tail = tails.takeCurrent() else { return turnTail(now) }
        isIdle = attempt(now) { () throws(StoreError) in
            try tail.append(pending)
            try tail.mark(flushed: now)
        }
        tails.putBack(tail)
        refreshStatistics()
    }

    /// Makes everything appended so far safe from a power cut.
    public func sync(now: Int64) {
        flush(now: now)
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
        if !pending.isEmpty { commit(now: now) }
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
        flush(now: now)
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
