internal import SQLite

extension StoreWriter {
    /// Reads what is there, seals what a killed process left running, and takes its tail over.
    func recover(now: Int64) throws(StoreError) -> RecoveryReport {
        var report = RecoveryReport()
        let found = try listSegments(&report)
        var lastMoment = found.compactMap { $0.times?.upperBound }.max()
        var wasClosed = false
        for info in found { sealIfRunning(info, now, &report, &wasClosed, &lastMoment) }
        report.segments = catalogue.withState { $0.segments.count }
        let carried = carriedTallies()
        tallies = Tallies(carried ?? [:])
        try beginSegment(now)
        recoverTails(&report, &lastMoment, isCarried: carried != nil)
        try beginTail(now)
        ageClock = AgeClock(last: lastMoment)
        if let last = lastMoment, last < now {
            let gap = Gap(from: last, to: now, reason: wasClosed ? .notRunning : .crashed)
            report.gap = gap
            if carried == nil { recordGap(gap) }
        }
        if carried != nil { report.carried = tallies.all.mapValues(\.received) } else { tallies = Tallies() }
        // What an earlier process received is of an earlier generation; and of another counting, if none is carried on.
        catalogue.withState { state in
            state.ledger.met = pending.count
            if carried == nil { state.ledger.disown(pending) }
        }
        let limits = limits
        catalogue.withState { $0.statistics.limits = limits }
        commit(now: now)
        // The tails that were taken over are overwritten from here on.
        if report.recovered > 0 { try segment?.sync() }
        lastMark = nil  // a new log says at once that it is one
        flushToAll(now)
        if !keepsInMemory { clearMemoryTail(now) }
        tick(now: now)
        refreshStatistics()
        return report
    }

    /// The readable segments, oldest first; others are set aside.
    private func listSegments(_ report: inout RecoveryReport) throws(StoreError) -> [SegmentInfo] {
        var found: [SegmentInfo] = []
        let names = try directory.names()
        for name in names {
            guard let (family, start) = SegmentName.parse(name), family == .headers else { continue }
            directory.rollBack(name)
            if directory.length(name) == 0 {  // killed while it was being created
                for file in [name] + SegmentName.companions(name) { try directory.remove(file) }
                continue
            }
            do {
                let bare = SegmentInfo(name: name, start: start, state: .running)
                var info = try SegmentReader(directory: directory, info: bare).summarised()
                info.bytes = directory.allocatedWithCompanions(name)
                found.append(info)
            } catch {
                setAside(name, error.description)
                report.setAside.append(.init(name: name, reason: error.description))
            }
        }
        sweepOrphans(names)
        let sorted = found.sorted { $0.start < $1.start }
        catalogue.withState { $0.segments = sorted }
        return sorted
    }

    /// -wal, -shm and -journal files without their database.
    private func sweepOrphans(_ names: [String]) {
        for name in names where SegmentName.isOurs(name) && !name.hasSuffix(SegmentName.damagedSuffix) {
            guard let dash = name.lastIndex(of: "-"), name[..<dash].hasSuffix(".db"),
                directory.length(String(name[..<dash])) == 0
            else { continue }
            try? directory.remove(name)
        }
    }

    private func sealIfRunning(
        _ info: SegmentInfo, _ now: Int64, _ report: inout RecoveryReport, _ wasClosed: inout Bool,
        _ lastMoment: inout Int64?
    ) {
        if let closed = closingTime(info), closed >= lastMoment ?? .min {
            lastMoment = closed
            wasClosed = true
        } else if (info.times?.upperBound ?? info.start) >= lastMoment ?? .min {
            wasClosed = false
        }
        guard info.state == .running else { return }
        report.unsealed.append(info.name)
        do {
            let writer = try SegmentWriter.reopen(in: directory, name: info.name, start: info.start)
            unsealed.append(writer)
            sealLeftOver(now)
        } catch {
            setAside(info.name, error.description)
            report.setAside.append(.init(name: info.name, reason: error.description))
        }
    }

    /// Of the last segment, if it belongs to the same counting.
    private func carriedTallies() -> [StoreStatistics.Source: StoreStatistics.Tally]? {
        guard counting != 0, let last = catalogue.withState({ $0.segments.last }),
            let notes = try? SegmentReader(directory: directory, info: last).notes(),
            notes[SegmentNote.counting] == Int64(bitPattern: counting)
        else { return nil }
        return SegmentNote.tallies(notes)
    }

    private func closingTime(_ info: SegmentInfo) -> Int64? {
        guard let reader = try? SegmentReader(directory: directory, info: info) else { return nil }
        return reader.note("closed")
    }

    /// Takes over the records of the tails whose block was never committed.
    private func recoverTails(_ report: inout RecoveryReport, _ lastMoment: inout Int64?, isCarried: Bool) {
        var contents = SegmentName.tails.compactMap { TailContents(path: directory.path(of: $0)) }
        if let tail = memoryTail.take() {
            if let found = tail.contents {
                if isOurs(found) { contents.append(found) } else { refuse(found, &report, isCarried) }
            }
            memoryTail = consume tail
        }
        for info in catalogue.withState({ $0.segments }) where contents.lack(blocksOf: info) {
            recordGap(contents.gap(behind: info))
        }
        for tail in contents.longestOfEach {
            let before = lastMoment
            lastMoment = max(lastMoment ?? .min, tail.flushed)
            guard !isCommitted(tail.place) else { continue }
            if let gap = tail.damage(since: before) { recordGap(gap) }
            guard !tail.run.isEmpty else { continue }
            lastMoment = max(lastMoment ?? .min, tail.run.last)
            report.recovered += tail.run.count
            let now = tail.flushed
            for (index, name) in tail.names { setInterface(index, name: name, now: now) }
            for index in 0..<tail.run.count {
                if pending.isFull { commit(now: now) }
                guard !pending.isFull else { break }
                if pending.isEmpty { pendingSince = now }
                catalogue.withState { _ in pending.append(tail.run[index]) }
                tallies.receive(tail.run[index])
            }
            recovered.append(tail.place)
        }
    }

    /// A file in memory lies in no directory: the segment tells to which it belongs.
    private func isOurs(_ tail: TailContents) -> Bool {
        let segment = SegmentName.name(family: .headers, start: tail.place.segment)
        return directory.contains(segment) || directory.contains(segment + SegmentName.damagedSuffix)
    }

    /// What is in the tail of another log is missing in that one and in this.
    private func refuse(_ tail: TailContents, _ report: inout RecoveryReport, _ isCarried: Bool) {
        guard !tail.run.isEmpty else { return }
        report.refused = tail.run.count
        // Of a counting that goes on, what is missing is counted by who goes on with it.
        recordGap(
            Gap(
                from: tail.run.first, to: max(tail.run.last, tail.flushed), reason: .crashed,
                count: isCarried ? nil : UInt64(tail.run.count)))
    }

    private func isCommitted(_ place: BlockPlace) -> Bool {
        directory.hasBlock(of: place, catalogue.withState { $0.segments })
    }
}

extension StoreDirectory {
    /// Undoes what a killed process had not finished of a file outside of WAL mode, when it was created or sealed: SQLite
    /// does so once somebody who may write reads it.
    func rollBack(_ name: String) {
        guard length(name + "-journal") > 0 else { return }
        _ = try? Connection(path: path(of: name), mode: .readWrite).integer("PRAGMA user_version")
    }

    /// Whether the records of a tail are in its block, or in one of a segment that took them over.
    func hasBlock(of place: BlockPlace, _ segments: [SegmentInfo]) -> Bool {
        let wanted = SegmentNote.recovered(place)
        return segments.contains { info in
            guard info.start >= place.segment, let reader = try? SegmentReader(directory: self, info: info) else {
                return false
            }
            guard info.start == place.segment else { return reader.note(wanted) != nil }
            guard let rows = try? reader.rows(overlapping: Int64.min..<Int64.max) else { return false }
            return rows.sound.contains { $0.number == place.number } || rows.damaged.contains(place.number)
        }
    }
}
