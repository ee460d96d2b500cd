internal import Glibc
internal import Synchronization

/// A share of an aggregation's blocks, worked off on a thread of its own.
///
/// Each part has its own tables and its own connections; parts meet again when all are done.
final class AggregationPart: @unchecked Sendable {
    /// Raised by the part that was asked to stop, seen by all.
    final class StopFlag: Sendable {
        let isRaised = Atomic<Bool>(false)
    }

    private(set) var run: QueryRun
    let aggregation: AggregationRun
    private let stop: StopFlag
    private var thread = pthread_t()

    init(_ run: QueryRun, _ question: Aggregation, _ stop: StopFlag) {
        self.run = run
        self.stop = stop
        aggregation = AggregationRun(question)
    }

    /// Works on the calling thread.
    func work(_ shouldStop: () -> Bool) {
        let stop = stop
        let isOver = {
            if shouldStop() { stop.isRaised.store(true, ordering: .relaxed) }
            return stop.isRaised.load(ordering: .relaxed)
        }
        run.visit(isOver) { block throws(StoreError) in try block.add(to: aggregation) }
    }

    /// Works on a new thread, which `join` waits for.
    /// - Returns: false when there can be no more threads; then nothing was done.
    func start() -> Bool {
        let context = Unmanaged.passRetained(self).toOpaque()
        let result = pthread_create(&thread, nil, { AggregationPart.enter($0) }, context)
        if result != 0 { Unmanaged<AggregationPart>.fromOpaque(context).release() }
        return result == 0
    }

    private static func enter(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Unmanaged<AggregationPart>.fromOpaque(context!).takeRetainedValue().work { false }
        return nil
    }

    func join() { pthread_join(thread, nil) }
}
