internal import CHdrlog
internal import Capture
internal import Glibc
internal import Logging
internal import Records
internal import Store
internal import Wire

/// Adds up what the kernel saw with what the store did: the answer of `Status`, and the rates in it.
final class Accountant: @unchecked Sendable {
    private struct Last {
        var time: Int64
        var frames: [String: (frames: UInt64, bytes: UInt64)] = [:]
        var rates: [String: (frames: Double, bytes: Double)] = [:]
        var ringLost: [String: UInt64] = [:]
        /// What had been sampled when the budget was last looked at, and when that was.
        var sampled: UInt64 = 0
        var budget = Clock.boot
        /// UTC; when the counters were last read.
        var read = Clock.wall
        /// What the interval that runs has so far: its begin, its flows, and the counters at its begin.
        var interval = Clock.wall
        /// The same moment by the clock that nobody sets.
        var intervalBoot = Clock.boot
        var flows: [FlowRecord] = []
        var stored: [String: InterfaceCounters] = [:]
        /// The last counters of interfaces that went since.
        var departed: [InterfaceSnapshot] = []
        /// Where the records of all generations are that have been added up.
        var census: [StoreStatistics.Source: Census] = [:]
        /// What earlier processes left; until it is known what of it was lost.
        var recovered: RecoveryReport?

        /// When the interval began, by the clock as it is set now: after a step its length is that of the other clock.
        func begin(_ now: Int64, _ boot: Int64) -> Int64 {
            let begin = now - (boot - intervalBoot)
            return abs(begin - interval) < 500_000_000 ? interval : begin
        }
    }

    private let capture: Capture
    private let drain: DrainLoop
    private let store: StoreReader
    private let flows: FlowReader
    private let pipeline: Pipeline
    private let directory: String
    /// Why interfaces are not logged, by name.
    private let refused: Monitor<[String: String]>
    private let log: Logger
    private let started = Clock.wall
    private let last: Monitor<Last>

    init(
        _ capture: Capture, _ drain: DrainLoop, _ store: StoreReader, _ flows: FlowReader, _ pipeline: Pipeline,
        directory: String, refused: Monitor<[String: String]>, _ log: Logger
    ) {
        self.refused = refused
        self.capture = capture
        self.drain = drain
        self.store = store
        self.flows = flows
        self.pipeline = pipeline
        self.directory = directory
        self.log = log
        last = Monitor(Last(time: Clock.boot))
    }

    /// Goes on from what earlier processes counted. To be called when the interfaces are attached.
    func begin(_ recovered: RecoveryReport) {
        // The log is another one: what was counted before belongs to that.
        if recovered.carried == nil { capture.forgetTotals() }
        last.withLock { last in
            last.recovered = recovered
            for port in capture.totals {
                last.stored[Self.key(port)] = port.counters
                last.ringLost[Self.key(port)] = port.counters.ringLost
            }
        }
    }

    /// A snapshot of everything; one at a time. Takes tens of milliseconds.
    /// - Throws: `ServiceError.unavailable` when the rings are not drained or the store cannot be asked.
    func status() throws(ServiceError) -> StatusReply {
        let outcome: Result<StatusReply, ServiceError> = last.withLock { last in
            guard let stored = try? store.statistics() else { return .failure(.unavailable(problem: "the store")) }
            let usage = capture.flowUsage
            return Result { () throws(ServiceError) in reply(try snapshot(&last), stored, usage, last) }
        }
        return try outcome.get()
    }

    /// Hands what was counted since the last call over to the store.
    /// - Returns: how the interfaces stand now; nil when the rings are not drained.
    @discardableResult
    func endInterval() -> [InterfaceStatus]? {
        last.withLock { last in
            guard let taken = try? snapshot(&last) else { return nil }
            let (now, boot) = (Clock.wall, Clock.boot)
            var interval = FlowInterval(from: last.begin(now, boot), to: now, names: [:], flows: last.flows)
            for port in taken + last.departed {
                interval.names[port.device.index] = port.device.name
                interval.counters += port.samples(since: last.stored[Self.key(port)])
                last.stored[Self.key(port)] = port.counters
            }
            (last.interval, last.intervalBoot) = (now, boot)
            last.flows.removeAll(keepingCapacity: true)
            for port in last.departed { last.stored[Self.key(port)] = nil }
            last.departed = []
            if !interval.flows.isEmpty || !interval.counters.isEmpty { pipeline.send(.interval(interval)) }
            return taken.map { entry($0, last) }
        }
    }

    /// Ends a generation and takes what it was into account; more than one, until all that was inherited is.
    private func snapshot(_ last: inout Last) throws(ServiceError) -> [InterfaceSnapshot] {
        var taken = try freeze(&last)
        for _ in 0..<2 where last.recovered != nil && !capture.isInheritanceAddedUp { taken = try freeze(&last) }
        noteRates(taken, &last)
        noteLosses(taken, &last)
        if capture.isInheritanceAddedUp { bookInherited(taken, &last) }
        last.census = pipeline.census(in: store, before: capture.runningGeneration)
        let gone = taken.filter(\.isLast)
        last.departed += gone
        for interface in Set(gone.map(\.device.index)) { pipeline.send(.forget(interface: interface)) }
        return taken.filter { !$0.isLast }
    }

    private func freeze(_ last: inout Last) throws(ServiceError) -> [InterfaceSnapshot] {
        var tries = 0
        let taken: [InterfaceSnapshot]?
        do {
            taken = try capture.snapshot(
                clockOffset: Clock.monotonicToWall,
                flow: { last.flows.append($0) },
                wait: {
                    tries += 1
                    drain.hurry()
                    usleep(2000)
                    return tries < 1500
                })
        } catch {
            throw .unavailable(problem: "\(error)")
        }
        guard let taken else { throw .unavailable(problem: "the rings are not being drained") }
        return taken
    }

    private static func key(_ snapshot: InterfaceSnapshot) -> String {
        "\(snapshot.device.index) \(snapshot.direction.name)"
    }

    private func noteRates(_ snapshots: [InterfaceSnapshot], _ last: inout Last) {
        let now = Clock.boot
        let seconds = Double(now - last.time) / 1e9
        guard seconds >= 0.5 else { return }
        for snapshot in snapshots {
            let key = Self.key(snapshot)
            let before = last.frames[key] ?? (snapshot.counters.frames, snapshot.counters.bytes)
            last.rates[key] = (
                Double(snapshot.counters.frames &- before.frames) / seconds,
                Double(snapshot.counters.bytes &- before.bytes) / seconds
            )
            last.frames[key] = (snapshot.counters.frames, snapshot.counters.bytes)
        }
        last.time = now
    }

    /// Thins the headers, or lets more through again, by what was kept since the last call. To be called every second.
    func keepBudget() {
        let settings = capture.settings
        guard settings.headerBudget > 0 else { return }
        last.withLock { last in
            let (now, sampled) = (Clock.boot, capture.sampled)
            // An interface that went takes its counters with it.
            let kept = sampled >= last.sampled ? sampled - last.sampled : sampled
            let seconds = Double(now - last.budget) / 1e9
            (last.sampled, last.budget) = (sampled, now)
            var budget = HeaderBudget(limit: Double(settings.headerBudget), thinning: settings.thinning)
            if budget.update(kept: kept, seconds: seconds) { capture.setThinning(budget.thinning) }
        }
    }

    /// What overflowed a ring since the last look is a gap in the log.
    private func noteLosses(_ snapshots: [InterfaceSnapshot], _ last: inout Last) {
        var lost: UInt64 = 0
        for snapshot in snapshots {
            let key = Self.key(snapshot)
            lost += snapshot.counters.ringLost - min(last.ringLost[key] ?? 0, snapshot.counters.ringLost)
            last.ringLost[key] = snapshot.isLast ? nil : snapshot.counters.ringLost
        }
        if lost > 0 {
            log.tell(
                .ringFull, "\(lost) headers lost: the rings were full (capture.ring_memory)", [.count: lost])
            pipeline.send(.gap(Store.Gap(from: last.read, to: Clock.wall, reason: .ringFull, count: lost)))
        }
        last.read = Clock.wall
    }

    /// What earlier processes took out of the rings and did not store died with them.
    private func bookInherited(_ snapshots: [InterfaceSnapshot], _ last: inout Last) {
        guard let recovered = last.recovered else { return }
        last.recovered = nil
        for snapshot in snapshots {
            let source = StoreStatistics.Source(
                interface: snapshot.device.index, direction: snapshot.direction.rawValue)
            let received = recovered.carried?[source] ?? 0
            guard snapshot.counters.inherited > received else { continue }
            let lost = snapshot.counters.inherited - received
            log.tell(
                .recovered, "\(snapshot.device.name): \(lost) headers died with an earlier process",
                [.interface: snapshot.device.name, .count: lost])
            let gap = Store.Gap(from: recovered.gap?.from ?? started, to: started, reason: .crashed, count: lost)
            pipeline.send(.lost(count: lost, of: source, gap))
        }
        let present = Set(snapshots.map(\.device.index))
        for interface in Set((recovered.carried ?? [:]).keys.map(\.interface)).subtracting(present) {
            pipeline.send(.forget(interface: interface))
        }
    }

    private func reply(
        _ snapshots: [InterfaceSnapshot], _ stored: StoreStatistics, _ usage: (entries: Int, limit: Int), _ last: Last
    ) -> StatusReply {
        let total = stored.total
        let store = StoreStatus(
            directory: directory, stored: Int(total.stored),
            waiting: Int(last.census.values.reduce(0) { $0 + $1.waiting }),
            lost: total.lost > 0 ? ["storeFull": Int(total.lost)] : [:], segments: stored.segments.count,
            bytes: Int(stored.used), limit: Int(stored.limits.maxUse), oldest: stored.times?.lowerBound,
            newest: stored.times?.upperBound, headers: FamilyStatus(stored.segments),
            flows: (try? flows.segments()).map { FamilyStatus($0) })
        let interfaces = snapshots.sorted {
            ($0.device.name, $0.direction.rawValue) < ($1.device.name, $1.direction.rawValue)
        }
        return StatusReply(
            version: Version.current, host: Self.hostName, time: Clock.wall, startTime: started,
            interfaces: interfaces.map { entry($0, last) },
            refused: refused.withLock { $0 }.sorted { $0.key < $1.key }.map { Refusal(name: $0.key, reason: $0.value) },
            store: store,
            flows: usage.entries, flowLimit: usage.limit, gaps: gaps())
    }

    private func entry(_ snapshot: InterfaceSnapshot, _ last: Last) -> InterfaceStatus {
        let place = snapshot.direction == .ingress ? snapshot.hooks.ingress : snapshot.hooks.egress
        let rate = last.rates[Self.key(snapshot)] ?? (0, 0)
        let source = StoreStatistics.Source(interface: snapshot.device.index, direction: snapshot.direction.rawValue)
        return InterfaceStatus(
            name: snapshot.device.name, index: Int(snapshot.device.index), direction: "\(snapshot.direction.name)",
            hook: place?.hook ?? "tc", mode: place?.mode ?? "link", reason: snapshot.hooks.reason,
            samplingRate: capture.settings.samplingRate * capture.settings.thinning,
            counters: Counters(snapshot.counters, last.census[source] ?? Census()),
            framesPerSecond: rate.frames, bytesPerSecond: rate.bytes)
    }

    private func gaps() -> [Wire.Gap] {
        var everything = Query()
        everything.limit = 0
        guard let result = try? store.query(everything, { _, _ in false }) else { return [] }
        return result.gaps.suffix(10).map(Wire.Gap.init)
    }

    private static var hostName: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
