internal import Capture
internal import Glibc
internal import Records
internal import Synchronization

/// Rings → chunks, on a thread of its own that does nothing else.
final class DrainLoop: Sendable {
    private let isEnded = Atomic(false)
    /// Rounds so far: what the watchdog looks at.
    private let turns = Atomic(0)
    private let capture: Capture
    private let pipeline: Pipeline

    /// How long to sleep when all rings were empty, in microseconds: less than a ring's cover, more when idle.
    private static let interval: UInt32 = 10_000
    private static let idleInterval: UInt32 = 40_000

    init(_ capture: Capture, _ pipeline: Pipeline) {
        self.capture = capture
        self.pipeline = pipeline
    }

    var rounds: Int { turns.load(ordering: .relaxed) }

    func end() { isEnded.store(true, ordering: .releasing) }

    /// Runs until `end`, and then until the rings are empty.
    func run() {
        var chunk: RecordChunk?
        while true {
            let isLast = isEnded.load(ordering: .acquiring)
            turns.add(1, ordering: .relaxed)
            chunk = chunk ?? pipeline.takeFree()
            guard let filling = chunk else {
                usleep(Self.interval)
                continue
            }
            let isEmptied = capture.drain(into: filling)
            if filling.count > 0 {
                filling.clockOffset = Clock.bootToWall
                pipeline.send(.chunk(filling))
                chunk = nil
            }
            if isEmptied {
                if isLast { return }
                usleep(chunk == nil ? Self.interval : Self.idleInterval)
            }
        }
    }
}
