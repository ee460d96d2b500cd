internal import Logging
internal import Records
internal import Store

/// Chunks → blocks → segments, on a thread of its own: the only one that writes to the store.
struct StoreLoop: @unchecked Sendable {
    let writer: StoreWriter
    let flows: FlowWriter
    let pipeline: Pipeline
    let log: Logger

    /// How often the store looks at its clock when nothing comes, in nanoseconds.
    private static let interval: Int64 = 200_000_000
    private static let idleInterval: Int64 = 1_000_000_000

    /// Runs until the pipeline ends, and closes the store.
    func run() {
        while let messages = pipeline.receive(timeout: writer.isIdle ? Self.idleInterval : Self.interval) {
            for message in messages { take(message) }
            writer.tick(now: Clock.wall)
            flows.tick(now: Clock.wall)
            logEvents()
        }
        flows.close(now: Clock.wall)
        writer.close(now: Clock.wall)
        logEvents()
    }

    private func take(_ message: Pipeline.Message) {
        switch message {
        case .chunk(let chunk):
            writer.append(chunk, now: Clock.wall)
            pipeline.finish()
            return pipeline.recycle(chunk)
        case .interface(let index, let name): writer.setInterface(index, name: name, now: Clock.wall)
        case .forget(let index): return pipeline.finish { writer.forget(interface: index) }
        case .lost(let count, let source, let gap):
            return pipeline.finish { writer.lose(count, of: source, in: gap) }
        case .gap(let gap): writer.recordGap(gap)
        case .interval(let interval):
            writer.reserve(flows.size(of: interval), now: Clock.wall)
            flows.append(interval, now: Clock.wall)
            flows.syncSoon(now: Clock.wall)
            writer.syncSoon(now: Clock.wall)
        case .limits(let limits, let flowLimits):
            // Headers get what flows leave of the whole.
            flows.setLimits(flowLimits, now: Clock.wall)
            writer.setLimits(limits, now: Clock.wall)
        case .rotate(let answer):
            writer.rotate(now: Clock.wall)
            flows.rotate(now: Clock.wall)
            answer.give(true)
        case .vacuum(let size, let before, let answer):
            // As in the budget: of all, flows may take a quarter.
            let fewer = flows.vacuum(size: size.map { $0 / 4 }, before: before, now: Clock.wall)
            answer.give(fewer + writer.vacuum(size: size, before: before, now: Clock.wall))
        }
        pipeline.finish()
    }

    private func logEvents() {
        for event in writer.takeEvents() + flows.takeEvents() {
            switch event {
            case .segmentBegun(let name): log.debug("segment \(name) begun")
            case .segmentSealed(let name, let records, let bytes):
                log.info("segment \(name) sealed: \(records) records, \(bytes) bytes")
            case .segmentDeleted(let name, let bytes):
                log.tell(
                    .segmentDeleted, "segment \(name) deleted: \(bytes) bytes", [.segment: name, .bytes: bytes])
            case .segmentSetAside(let name, let reason):
                log.tell(
                    .segmentDamaged, "segment \(name) set aside: \(reason)", [.segment: name, .reason: reason])
            case .walPinned(let name, let bytes):
                log.tell(
                    .walPinned, "segment \(name) ended early: a reader held \(bytes) bytes of its WAL",
                    [.segment: name, .bytes: bytes])
            case .stalled(let error):
                log.tell(.storeFails, "storing fails, keeping records in memory: \(error)", [.reason: error])
            case .recovered(let lost):
                log.tell(.storeWorks, "storing works again; \(lost) records were lost", [.count: lost])
            }
        }
    }
}
