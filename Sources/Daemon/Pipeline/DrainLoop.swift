internal import Capture
internal import Glibc
internal import Records
internal import Synchronization

/// Rings → chunks, on a thread of its own that does nothing else.
final class DrainLoop: Sendable {
    private let isEnded = Atomic(false)
    /// Somebody waits for the rings to be emptied.
    private let isWanted = Monitor(false)
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
    func hurry() { isWanted.update { $0 = true } }

    /// - Returns: whether somebody ended it.
    private func sleep(_ microseconds: UInt32) -> Bool {
        let wanted: Bool? = isWanted.wait(timeout: Int64(microseconds) * 1000) { isWanted in
            guard isWanted else { return nil }
            isWanted = false
            return true
        }
        return wanted ?? false
    }

    /// Runs until `end`, and then until the rings are empty.
    func run() {
        var chunk: RecordChunk?
        var pace = DrainPace(ring: capture.ringSize)
        var drained = 0
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
                // What came in a part of a pause is added to what comes in the next one.
                if !sleep(pace.next(drained: drained)) { drained = 0 }
            }
        }
    }
}
