extension StoreWriter {
    /// Deletes the oldest segments until `bytes` more fit into the budget, and ends the running one when it is due.
    func makeRoom(for bytes: Int64, now: Int64) {
        let segments = catalogue.withState { $0.segments }
        let needed = ([segment].compactMap(\.self) + unsealed).reduce(bytes) { $0 + $1.reserved }
        let situation = Retention.Situation(
            segments: segments, used: usage(), needed: needed, free: directory.free(), now: now,
            ageTime: ageClock.time(at: now))
        for action in Retention.plan(situation, limitsHere) {
            switch action {
            case .delete(let index): delete(segments[index])
            case .rotate:
                // While a block waits to be inserted the segment ends behind it.
                if bytes > 0 { rotateAfterCommit = true } else { rotate(now: now) }
            }
        }
        deleteSetAside(needed)
    }

    /// Makes room for what somebody else is about to write into the directory.
    public func reserve(_ bytes: Int64, now: Int64) { makeRoom(for: bytes, now: now) }

    /// The limits, with no more kept free than a sixth of the file system: on a small one the log would vanish.
    private var limitsHere: StoreLimits {
        var here = limits
        here.keepFree = min(limits.keepFree, directory.total() / 6)
        return here
    }

    private func delete(_ info: SegmentInfo) {
        unsealed.removeAll { $0.name == info.name }
        catalogue.withState { state in state.segments.removeAll { $0.name == info.name } }
        for name in [info.name] + SegmentName.companions(info.name) { try? directory.remove(name) }
        events.append(.segmentDeleted(name: info.name, bytes: info.bytes))
    }

    /// Files that were set aside count, too; they go when the rest is not enough.
    private func deleteSetAside(_ bytes: Int64) {
        guard limits.maxUse > 0, usage() + bytes > limits.maxUse, let names = try? directory.names() else { return }
        for name in names where name.hasSuffix(SegmentName.damagedSuffix) && usage() + bytes > limits.maxUse {
            events.append(.segmentDeleted(name: name, bytes: directory.allocated(name)))
            try? directory.remove(name)
        }
    }

    /// Allocated bytes of all the store's files.
    func usage() -> Int64 { directory.usage() }

    /// Changes the limits of a running store; the size of a block stays.
    public func setLimits(_ new: StoreLimits, now: Int64) {
        let (records, old) = (limits.blockRecords, limits.syncInterval)
        limits = new
        limits.blockRecords = records
        if new.syncInterval != old { changeTail(now) }
        catalogue.withState { $0.statistics.limits = new }
        makeRoom(for: 0, now: now)
    }

    /// Deletes the oldest segments until no more than `size` bytes are used and none ends before `before` (UTC
    /// nanoseconds); nil is no limit. The running segment stays.
    public func vacuum(size: Int64?, before: Int64?, now: Int64) -> Vacuumed {
        let segments = catalogue.withState { $0.segments }
        let situation = Retention.Situation(segments: segments, used: usage(), needed: 0, free: .max / 2, now: now)
        var done = Vacuumed()
        for case .delete(let index) in Retention.plan(situation, .once(size: size, before: before, now: now)) {
            delete(segments[index])
            done.segments += 1
            done.bytes += segments[index].bytes
        }
        refreshStatistics()
        return done
    }
}

/// What `StoreWriter.vacuum` deleted.
public struct Vacuumed: Equatable, Sendable {
    public var segments = 0
    public var bytes: Int64 = 0

    public static func + (left: Vacuumed, right: Vacuumed) -> Vacuumed {
        Vacuumed(segments: left.segments + right.segments, bytes: left.bytes + right.bytes)
    }
}
