internal import Records
internal import Store

/// What goes from the drain thread, and from those who watch, to the store thread: a bounded number of chunks.
///
/// When the store is slow no chunk is free, records stay in the kernel's rings, and what overflows there is counted.
final class Pipeline: Sendable {
    enum Message {
        case chunk(RecordChunk)
        case interface(index: UInt32, name: String)
        /// An interface has gone, all its records came before; its statistics begin anew when it comes back.
        case forget(interface: UInt32)
        case gap(Gap)
        /// Records of an interface that an earlier process had read and did not store.
        case lost(count: UInt64, of: StoreStatistics.Source, Gap)
        case interval(FlowInterval)
        /// Of the headers, and of the flows and counters.
        case limits(StoreLimits, flows: StoreLimits)
        case rotate(Answer<Bool>)
        /// - Parameters: at most so many bytes; nothing that ends before this time (UTC nanoseconds).
        case vacuum(size: Int64?, before: Int64?, Answer<Vacuumed>)
    }

    private struct State {
        var free: [RecordChunk]
        var messages: [Message] = []
        /// What the store thread has received and not finished.
        var inHand: ArraySlice<Message> = []
        var isEnded = false
    }

    private let state: Monitor<State>

    init(chunks: Int, bytes: Int) {
        state = Monitor(State(free: (0..<chunks).map { _ in RecordChunk(capacity: bytes) }))
    }

    /// An empty chunk; nil when the store holds them all.
    func takeFree() -> RecordChunk? { state.withLock { $0.free.popLast() } }

    func recycle(_ chunk: RecordChunk) {
        chunk.removeAll()
        state.withLock { $0.free.append(chunk) }
    }

    func send(_ message: Message) { state.update { $0.messages.append(message) } }

    /// No message will follow.
    func end() { state.update { $0.isEnded = true } }

    /// All messages there are, waiting for the first; nil at the end.
    /// - Parameter timeout: nanoseconds, after which there may be none.
    func receive(timeout: Int64) -> [Message]? {
        let found: [Message]?? = state.wait(timeout: timeout) { state in
            defer { state.messages.removeAll(keepingCapacity: true) }
            state.inHand = state.messages[...]
            if !state.messages.isEmpty { return .some(state.messages) }
            return state.isEnded ? .some(nil) : nil
        }
        return found ?? []
    }

    /// The store thread has finished the first of the messages that it received.
    /// - Parameter body: the last that it does for it, with the queue to itself: nobody counts meanwhile.
    func finish(_ body: () -> Void = {}) {
        state.withLock { state in
            body()
            state.inHand = state.inHand.dropFirst()
        }
    }

    /// Counts where the records of all generations but the one that runs are.
    func census(in store: StoreReader, before running: UInt8) -> [StoreStatistics.Source: Census] {
        state.withLock { state in
            let queue: [Queued] = (state.inHand + state.messages).compactMap { message in
                switch message {
                case .chunk(let chunk): .chunk(chunk)
                case .lost(let count, let source, _): .lost(count: count, of: source)
                case .forget(let interface): .forget(interface: interface)
                default: nil
                }
            }
            return store.census(before: running, queue)
        }
    }
}
