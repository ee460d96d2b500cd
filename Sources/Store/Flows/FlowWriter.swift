/// The writing side of the flows' family: intervals, one behind the other, within a budget of their own.
///
/// It lies in the directory of a `StoreWriter`, on whose thread and under whose lock it works. Nothing throws once it
/// is open: an interval that cannot be written is kept for the next try, as far as memory allows, then counted as lost;
/// what is missing becomes a gap.
public final class FlowWriter {
    let directory: StoreDirectory
    var limits: StoreLimits
    var running: FlowSegment?
    /// Sealed segments, oldest first, and ended ones that a reader still holds.
    var sealed: [SegmentInfo] = []
    var unsealed: [FlowSegment] = []
    var ageClock: AgeClock
    var events: [StoreEvent] = []
    private var waiting: [FlowInterval] = []
    /// What is missing and not yet in a segment.
    private var gaps: [Gap] = []
    private let encoder = FlowIntervalEncoder()
    private let data = ByteBuffer()
    private var isStalled = false
    /// Intervals that could neither be written nor kept.
    public private(set) var lost = 0

    private var lastSync: Int64
    private var lastTry: Int64

    /// Intervals that are kept while writing fails: so many, and so many bytes.
    private static let mostWaiting = 60
    private static let mostMemory = 32 << 20
    private static let retryInterval: Int64 = 1_000_000_000

    /// - Parameters:
    ///   - limits: `maxUse` is of this family alone.
    ///   - wasClosed: the process before ended properly, so what is missing since then is for want of one.
    public init(directory path: String, limits: StoreLimits, wasClosed: Bool = true, now: Int64) throws(StoreError) {
        directory = StoreDirectory(path: path)
        self.limits = limits
        (lastSync, lastTry) = (now, now)
        ageClock = AgeClock(last: nil)
        try directory.create()
        for name in try directory.names() {
            guard let (family, start) = SegmentName.parse(name), family == .flows else { continue }
            adopt(name, start, now)
        }
        let newest = (sealed.compactMap(\.times) + unsealed.compactMap(\.times)).map(\.upperBound).max()
        ageClock = AgeClock(last: newest)
        if let newest, newest < now {
            gaps.append(Gap(from: newest, to: now, reason: wasClosed ? .notRunning : .crashed))
        }
        makeRoom(for: 0, now)
    }

    /// A segment that an earlier process left: sealed if it still runs, set aside if it cannot be read.
    private func adopt(_ name: String, _ start: Int64, _ now: Int64) {
        do throws(StoreError) {
            directory.rollBack(name)
            if directory.length(name) == 0 {  // killed while it was being created
                for file in [name] + SegmentName.companions(name) { try directory.remove(file) }
                return
            }
            if var info = try Self.sealedInfo(directory, name, start) {
                info.bytes = directory.allocatedWithCompanions(name)
                return sealed.append(info)
            }
            let segment = try FlowSegment.reopen(in: directory, name: name, start: start)
            if !seal(segment, now) { unsealed.append(segment) }
        } catch {
            try? directory.rename(name, to: name + SegmentName.damagedSuffix)
            for file in SegmentName.companions(name) { try? directory.remove(file) }
            events.append(.segmentSetAside(name: name, reason: error.description))
        }
    }

    /// - Returns: nil when the segment still runs.
    private static func sealedInfo(
        _ directory: StoreDirectory, _ name: String, _ start: Int64
    ) throws(StoreError) -> SegmentInfo? {
        let connection = try SegmentFile.open(directory, name)
        guard try SegmentFile.state(of: connection, name) == .sealed else { return nil }
        do {
            let (intervals, times) = try FlowSegment.contents(of: connection)
            return SegmentInfo(
                name: name, family: .flows, start: start, state: .sealed, times: times, records: intervals,
                blocks: intervals)
        } catch {
            throw SegmentFile.explained(error, name)
        }
    }

    public func takeEvents() -> [StoreEvent] {
        defer { events.removeAll() }
        return events
    }

    /// Makes what is stored safe from a power cut when that is due, and tries again what failed. To be called a few
    /// times a second.
    public func tick(now: Int64) {
        if !waiting.isEmpty, now < lastTry || now - lastTry >= Self.retryInterval { writeWaiting(now) }
        guard now < lastSync || now - lastSync >= limits.syncInterval else { return }
        sync(now: now)
    }

    /// Syncs now what is due soon, as `StoreWriter.syncSoon` does.
    public func syncSoon(now: Int64) {
        if now - lastSync >= limits.syncInterval / 4 * 3 { sync(now: now) }
    }

    private func sync(now: Int64) {
        lastSync = now
        do {
            try running?.sync()
        } catch {
            events.append(.stalled(error))
        }
    }

    /// More than an interval will take on disk, for room to be made before it is written.
    public func size(of interval: FlowInterval) -> Int64 {
        Int64(interval.flows.count * 64 + interval.counters.count * 16) + 131_072
    }

    /// Stores an interval, and those that could not be stored before.
    public func append(_ interval: FlowInterval, now: Int64) {
        waiting.append(interval)
        writeWaiting(now)
        while waiting.count > Self.mostWaiting || waiting.reduce(0, { $0 + $1.memory }) > Self.mostMemory {
            lose(waiting.removeFirst())
        }
    }

    private func lose(_ interval: FlowInterval) {
        lost += 1
        if let last = gaps.last, last.reason == .storeFull, last.to == interval.from {
            gaps[gaps.count - 1].to = interval.to
        } else {
            gaps.append(Gap(from: interval.from, to: interval.to, reason: .storeFull))
        }
    }

    private func writeWaiting(_ now: Int64) {
        lastTry = now
        while let next = waiting.first, write(next, now) { waiting.removeFirst() }
        guard isStalled, waiting.isEmpty else { return }
        isStalled = false
        events.append(.recovered(lost: UInt64(lost)))
    }

    private func write(_ interval: FlowInterval, _ now: Int64) -> Bool {
        encoder.encode(interval, to: data)
        // A checkpoint makes the file grow while the WAL keeps its length.
        makeRoom(for: 2 * Int64(data.count) + 65_536 + (running?.walLength ?? 0), now)
        do throws(StoreError) {
            if running == nil { running = try begin(now) }
            try running!.append(interval, data, gaps)
            gaps.removeAll()
        } catch {
            if !isStalled { events.append(.stalled(error)) }
            isStalled = true
            return false
        }
        // The interval is stored, whatever becomes of this.
        if (try? running?.checkpointIfDue(after: data.count)) == false { endPinned(now) }
        return true
    }

    private func begin(_ now: Int64) throws(StoreError) -> FlowSegment {
        let newest = max(sealed.last?.start ?? 0, unsealed.map(\.start).max() ?? 0)
        let segment = try FlowSegment.create(in: directory, start: max(now, newest + 1))
        events.append(.segmentBegun(name: segment.name))
        try directory.sync()
        return segment
    }

    /// A reader keeps the WAL from shrinking: the segment ends early.
    private func endPinned(_ now: Int64) {
        guard let segment = running else { return }
        events.append(.walPinned(name: segment.name, bytes: segment.walLength))
        end(now)
    }

    /// Ends the running segment, if anything is in it; the next interval begins another one.
    public func rotate(now: Int64) { end(now) }

    func end(_ now: Int64) {
        guard let segment = running else { return }
        running = nil
        if !seal(segment, now) { unsealed.append(segment) }
    }

    /// - Returns: false while a reader holds it.
    func seal(_ segment: FlowSegment, _ now: Int64) -> Bool {
        do {
            try segment.seal(now: now)
        } catch {
            return false
        }
        var info = segment.info
        info.state = .sealed
        sealed.append(info)
        sealed.sort { $0.start < $1.start }
        events.append(.segmentSealed(name: segment.name, records: segment.intervals, bytes: info.bytes))
        return true
    }

    public func close(now: Int64) {
        writeWaiting(now)
        end(now)
        sealLeftOver(now)
    }

    /// Seals what has ended; a segment that a reader holds is tried again the next time.
    func sealLeftOver(_ now: Int64) {
        let ended = unsealed
        unsealed = []
        for segment in ended where !seal(segment, now) { unsealed.append(segment) }
    }
}
