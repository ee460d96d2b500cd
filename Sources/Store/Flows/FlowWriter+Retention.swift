extension FlowWriter {
    /// Deletes the oldest segments until `bytes` more fit into the budget, and ends the running one when it is due.
    func makeRoom(for bytes: Int64, _ now: Int64) {
        sealLeftOver(now)
        var here = limits
        here.keepFree = min(limits.keepFree, directory.total() / 6)
        let situation = situation(needed: bytes, now)
        for action in Retention.plan(situation, here) {
            switch action {
            case .delete(let index): delete(situation.segments[index])
            case .rotate: end(now)
            }
        }
    }

    /// Oldest first, the running one last; those that a reader holds count as ended.
    private var segments: [SegmentInfo] {
        let held = unsealed.map { segment in
            var info = segment.info
            info.state = .sealed
            return info
        }
        return (sealed + held).sorted { $0.start < $1.start } + (running.map { [$0.info] } ?? [])
    }

    private func situation(needed: Int64, _ now: Int64) -> Retention.Situation {
        let segments = segments
        return Retention.Situation(
            segments: segments, used: segments.reduce(0) { $0 + $1.bytes }, needed: needed, free: directory.free(),
            now: now, ageTime: ageClock.time(at: now))
    }

    private func delete(_ info: SegmentInfo) {
        sealed.removeAll { $0.name == info.name }
        unsealed.removeAll { $0.name == info.name }
        for file in [info.name] + SegmentName.companions(info.name) { try? directory.remove(file) }
        events.append(.segmentDeleted(name: info.name, bytes: info.bytes))
    }

    public func setLimits(_ limits: StoreLimits, now: Int64) {
        self.limits = limits
        makeRoom(for: 0, now)
    }

    /// Deletes the oldest segments of the family, as `StoreWriter.vacuum` does.
    public func vacuum(size: Int64?, before: Int64?, now: Int64) -> Vacuumed {
        var situation = situation(needed: 0, now)
        (situation.free, situation.ageTime) = (.max / 2, nil)
        var done = Vacuumed()
        for case .delete(let index) in Retention.plan(situation, .once(size: size, before: before, now: now)) {
            delete(situation.segments[index])
            done.segments += 1
            done.bytes += situation.segments[index].bytes
        }
        return done
    }
}

extension StoreLimits {
    /// Of an order to delete: at most `size` bytes stay, and nothing that ends before `before`; nil is no limit.
    static func once(size: Int64?, before: Int64?, now: Int64) -> StoreLimits {
        var once = StoreLimits()
        (once.keepFree, once.segmentMaxAge) = (0, 0)
        // 0 would switch a limit off.
        once.maxUse = size.map { max($0, 1) } ?? 0
        once.maxAge = before.map { max(now.subtractingReportingOverflow($0).partialValue, 1) } ?? 0
        return once
    }
}
