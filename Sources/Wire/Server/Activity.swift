internal import NIOCore
internal import Synchronization

/// Connections and calls at present, so that a server can stop without leaving one behind.
final class Activity: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var calls = 0
        /// Fulfilled when the last call is over.
        var drained: EventLoopPromise<Void>?
    }

    private let state = Mutex(State())

    /// - Returns: how many connections there are now.
    func opened(_ channel: any Channel) -> Int {
        state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.channels.count
        }
    }

    func closed(_ channel: any Channel) { state.withLock { $0.channels[ObjectIdentifier(channel)] = nil } }

    func callBegan() { state.withLock { $0.calls += 1 } }

    func callEnded() {
        let promise = state.withLock { state -> EventLoopPromise<Void>? in
            state.calls -= 1
            return state.calls == 0 ? state.drained.take() : nil
        }
        promise?.succeed()
    }

    /// Closes all connections, which cancels their calls.
    /// - Returns: succeeds when the calls are over, or after `patience`.
    func end(on eventLoop: any EventLoop, patience: TimeAmount) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let channels = state.withLock { state in
            if state.calls > 0 { state.drained = promise }
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
        if state.withLock({ $0.drained == nil }) { promise.succeed() }
        eventLoop.scheduleTask(in: patience) { self.state.withLock { $0.drained.take() }?.succeed() }
        return promise.futureResult
    }
}
