/// The writing side of the flows' family: intervals, one behind the other, within a budget of their own.
///
/// It lies in the directory of a `StoreWriter`, on whose thread and under whose lock it works. Nothing throws once it
/// is open: an interval that cannot be written is kept for the next try, as far as memory allows, then counted as lost.
public final class FlowWriter {
    private let directory: StoreDirectory
    private var limits: StoreLimits
    private var running: FlowSegment?
    /// Sealed segments, oldest first, and ended ones that a reader still holds.
    private var sealed: [SegmentInfo] = []
    private var unsealed: [FlowSegment] = []
    private var waiting: [FlowInterval] = []
    private var events: [StoreEvent] = []
    private let encoder = FlowIntervalEncoder()
    private let data = ByteBuffer()
    /// Intervals that could neither be written nor kept.
    public private(set) var lost = 0

    private var lastSync: Int64

    private static let mostWaiting = 60

    /// - Parameter limits: `maxUse` is of this family alone.
    public init(directory path: String, limits: StoreLimits, now: Int64) throws(StoreError) {
        directory = StoreDirectory(path: path)
        self.limits = limits
        lastSync = now
        try directory.create()
        for name in try directory.names() {
            guard let (family, start) = SegmentName.parse(name), family == .flows else { continue }
            adopt(name, start, now)
        }
        makeRoom(for: 0, now)
    }

    /// A segment that an earlier process left: sealed if it still runs, set aside if it cannot be read.
    private func adopt(_ name: String, _ start: Int64, _ now: Int64) {
        do {
            let segment = try FlowSegment.reopen(in: directory, name: name, start: start)
            try segment.seal(now: now)
            noteSealed(segment)
        } catch {
            try? directory.rename(name, to: name + SegmentName.damagedSuffix)
            for file in SegmentName.companions(name) { try? directory.remove(file) }
            events.append(.segmentSetAside(name: name, reason: error.description))
        }
    }

    private func noteSealed(_ segment: FlowSegment) {
        var info = segment.info
        info.state = .sealed
        sealed.append(info)
        sealed.sort { $0.start < $1.start }
    }

    public func setLimits(_ limits: StoreLimits, now: Int64) {
        self.limits = limits
        makeRoom(for: 0, now)
    }

    public func takeEvents() -> [StoreEvent] {
        defer { events.removeAll() }
        return events
    }

    /// Makes what is stored safe from a power cut when that is due. To be called a few times a second.
    public func tick(now: Int64) {
        guard now < lastSync || now - lastSync >= limits.syncInterval else { return }
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
        if waiting.count > Self.mostWaiting {
            waiting.removeFirst()
            lost += 1
        }
        let failures = waiting.count
        while let next = waiting.first, write(next, now) { waiting.removeFirst() }
        if waiting.isEmpty, failures > 1 { events.append(.recovered(lost: UInt64(lost))) }
    }

    private func write(_ interval: FlowInterval, _ now: Int64) -> Bool {
        encoder.encode(interval, to: data)
        makeRoom(for: 2 * Int64(data.count) + 65_536, now)
        do throws(StoreError) {
            if running == nil { running = try begin(now) }
            try running!.append(interval, data)
            return true
        } catch {
            if waiting.count == 1 { events.append(.stalled(error)) }
            return false
        }
    }

    private func begin(_ now: Int64) throws(StoreError) -> FlowSegment {
        let segment = try FlowSegment.create(in: directory, start: max(now, (sealed.last?.start ?? 0) + 1))
        events.append(.segmentBegun(name: segment.name))
        try directory.sync()
        return segment
    }

    private func makeRoom(for bytes: Int64, _ now: Int64) {
        unsealed.removeAll { seal($0, now) }
        let segments = sealed + (running.map { [$0.info] } ?? [])
        let situation = Retention.Situation(
            segments: segments, used: segments.reduce(0) { $0 + $1.bytes }, needed: bytes, free: directory.free(),
            now: now)
        var here = limits
        here.keepFree = min(limits.keepFree, directory.total() / 6)
        for action in Retention.plan(situation, here) {
            switch action {
            case .delete(let index): delete(segments[index])
            case .rotate: end(now)
            }
        }
    }

    private func delete(_ info: SegmentInfo) {
        sealed.removeAll { $0.name == info.name }
        for file in [info.name] + SegmentName.companions(info.name) { try? directory.remove(file) }
        events.append(.segmentDeleted(name: info.name, bytes: info.bytes))
    }

    private func end(_ now: Int64) {
        guard let segment = running else { return }
        running = nil
        if !seal(segment, now) { unsealed.append(segment) }
    }

    private func seal(_ segment: FlowSegment, _ now: Int64) -> Bool {
        do {
            try segment.seal(now: now)
        } catch {
            return false
        }
        noteSealed(segment)
        events.append(
            .segmentSealed(name: segment.name, records: segment.intervals, bytes: segment.info.bytes))
        return true
    }

    /// Ends the running segment; the next interval begins another one.
    public func close(now: Int64) { end(now) }
}
