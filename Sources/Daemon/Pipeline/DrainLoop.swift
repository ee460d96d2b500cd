internal import Capture
internal import Glibc
internal import Records
internal import Synchronization

/// Rings → chunks, on a thread of its own that does nothing else.
final class DrainLoop: Sendable {
    private let isEnded = Atomic(false)
    private let bell = Bell()
    /// Rounds so far: what the watchdog looks at.
    private let turns = Atomic(0)
    private let capture: Capture
    private let pipeline: Pipeline

    init(_ capture: Capture, _ pipeline: Pipeline) {
        self.capture = capture
        self.pipeline = pipeline
    }

    var rounds: Int { turns.load(ordering: .relaxed) }

    func end() {
        isEnded.store(true, ordering: .releasing)
        hurry()
    }

    /// The rings are looked at now and not when it is their turn.
    func hurry() { bell.ring() }

    /// Runs until `end`, and then until the rings are empty.
    func run() {
        var chunk: RecordChunk?
        var pace = DrainPace(ring: capture.ringSize)
        var drained = 0
        var isAsleep = false
        while true {
            let isLast = isEnded.load(ordering: .acquiring)
            turns.add(1, ordering: .relaxed)
            chunk = chunk ?? pipeline.takeFree()
            guard let filling = chunk else {
                usleep(DrainPace.shortest)
                continue
            }
            let isEmptied = capture.drain(into: filling)
            if filling.count > 0 {
                drained += filling.used
                filling.clockOffset = Clock.bootToWall
                pipeline.send(.chunk(filling))
                chunk = nil
            }
            if isEmptied {
                if isLast { return }
                let pause = pace.next(drained: drained)
                if isAsleep != pace.isQuiet {
                    isAsleep = pace.isQuiet
                    capture.setAsleep(isAsleep)
                }
                // What came in a part of a pause is added to what comes in the next one.
                if !bell.wait(or: capture.recordsBell, timeout: Int32(pause / 1000)) { drained = 0 }
                capture.answerBell()
            }
        }
    }
}
