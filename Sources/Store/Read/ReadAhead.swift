internal import Glibc

/// Reads the next blocks of a query on a thread beside the one that delivers them, a few at a time.
final class ReadAhead {
    private let shelf: Shelf
    private let reader: BlockReader
    private var thread: pthread_t?

    /// - Parameters:
    ///   - reader: the calling thread's.
    ///   - position: the first of the candidates that is asked for.
    init(_ reader: BlockReader, _ candidates: [QueryRun.Candidate], from position: Int) {
        self.reader = reader
        shelf = Shelf(reader.another(), candidates, from: position)
        var new = pthread_t()
        let context = Unmanaged.passUnretained(shelf).toOpaque()
        // Without a thread all is read by the caller.
        if pthread_create(&new, nil, { Shelf.enter($0) }, context) == 0 { thread = new }
    }

    deinit {
        shelf.close()
        if let thread { pthread_join(thread, nil) }
    }

    /// What a candidate has. They are asked for one after the other; until the other thread has read it this one reads
    /// ahead as well.
    func take(_ position: Int) -> BlockReader.Outcome {
        while true {
            switch shelf.take(position) {
            case .outcome(let outcome): return outcome
            case .toRead(let next): shelf.put(next, reader.read(shelf.candidates[next]))
            }
        }
    }
}

/// What is between the two threads: blocks that were read and wait to be asked for.
private final class Shelf: @unchecked Sendable {
    /// A block takes 1 to 2 MB.
    private static let most = 4

    let candidates: [QueryRun.Candidate]
    private let reader: BlockReader
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // What follows is touched with the lock only.
    private var outcomes: [Int: BlockReader.Outcome] = [:]
    /// Of the outcomes, those that have records.
    private var blocks = 0
    /// The first candidate that nobody has begun to read.
    private var next: Int
    private var isClosed = false

    enum Answer {
        case outcome(BlockReader.Outcome)
        /// The other thread is reading what was asked for: this candidate is to be read meanwhile.
        case toRead(Int)
    }

    init(_ reader: BlockReader, _ candidates: [QueryRun.Candidate], from position: Int) {
        (self.reader, self.candidates, next) = (reader, candidates, position)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        // The thread has gone: see `ReadAhead`.
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(changed)
        lock.deallocate()
        changed.deallocate()
    }

    static func enter(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let shelf = Unmanaged<Shelf>.fromOpaque(context!).takeUnretainedValue()
        while let position = shelf.claim() { shelf.put(position, shelf.reader.read(shelf.candidates[position])) }
        return nil
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    /// Waits for room.
    /// - Returns: the candidate to be read next; nil when there is none any more.
    private func claim() -> Int? {
        locked {
            while !isClosed, next < candidates.count, blocks >= Self.most { pthread_cond_wait(changed, lock) }
            guard !isClosed, next < candidates.count else { return nil }
            defer { next += 1 }
            return next
        }
    }

    func put(_ position: Int, _ outcome: BlockReader.Outcome) {
        locked {
            outcomes[position] = outcome
            if case .read(.some) = outcome { blocks += 1 }
            pthread_cond_broadcast(changed)
        }
    }

    /// Waits until there is something to be had or to be done.
    func take(_ position: Int) -> Answer {
        locked {
            while true {
                if let outcome = outcomes.removeValue(forKey: position) {
                    if case .read(.some) = outcome { blocks -= 1 }
                    pthread_cond_broadcast(changed)
                    return .outcome(outcome)
                }
                // What is asked for now is read in any case.
                if next < candidates.count, next <= position || blocks < Self.most {
                    defer { next += 1 }
                    return .toRead(next)
                }
                pthread_cond_wait(changed, lock)
            }
        }
    }

    /// Lets the thread end.
    func close() {
        locked {
            isClosed = true
            pthread_cond_broadcast(changed)
        }
    }
}
