internal import Glibc
internal import Records
internal import Wire

/// Turns records into JSON objects on threads beside the one that reads them, and delivers these in order.
///
/// Encoding costs more than reading, so two encoders take turns with batches of records. Until the first batch is full
/// there are no threads: most answers are short.
final class EncodingLine {
    /// Bytes of records in a batch, some two thousand of them.
    private static let batchSize = 1 << 18

    private let encoders: [BatchEncoder]
    /// The one whose batch is being filled.
    private var turn = 0
    private let each: (UnsafeRawBufferPointer) throws(Failure) -> Void

    /// - Parameter each: gets an object, valid within the call only, on the thread that calls this line's methods.
    init(
        fields: [Field]?, raw: Bool, _ each: @escaping (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) {
        encoders = (0..<2).map { _ in BatchEncoder(fields: fields, raw: raw, capacity: Self.batchSize) }
        self.each = each
    }

    /// Takes a record; delivers what was finished meanwhile.
    func append(_ record: borrowing HeaderRecord, interface: String) throws(Failure) {
        if encoders[turn].append(record, interface: interface) { return }
        encoders[turn].start()
        turn = 1 - turn
        try deliver(turn)
        _ = encoders[turn].append(record, interface: interface)
    }

    /// Delivers all that is left.
    func finish() throws(Failure) {
        try deliver(1 - turn)
        encoders[turn].encode()
        try deliver(turn)
    }

    deinit {
        for encoder in encoders { encoder.stop() }
    }

    private func deliver(_ number: Int) throws(Failure) {
        encoders[number].wait()
        try encoders[number].deliver(each)
    }
}

/// One batch of records and the objects that were made of them; filled and emptied by one thread, encoded on another.
///
/// Safe since the two never have it at the same time: the semaphores hand it over.
private final class BatchEncoder: @unchecked Sendable {
    private let records: RecordChunk
    /// Interface names: each holds from a record on until the next one does.
    private var names: [(first: Int, name: String)] = []
    private var encoder: RecordJSONEncoder
    /// Where the objects end.
    private var ends: [Int] = []
    private var thread: pthread_t?
    private var isWorking = false
    private var isOver = false
    private let full = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(fields: [Field]?, raw: Bool, capacity: Int) {
        records = RecordChunk(capacity: capacity)
        encoder = RecordJSONEncoder(fields: fields, raw: raw, separator: .lineFeed)
        sem_init(full, 0, 0)
        sem_init(done, 0, 0)
    }

    deinit {
        // The thread has gone: see `stop`.
        sem_destroy(full)
        sem_destroy(done)
        full.deallocate()
        done.deallocate()
    }

    /// - Returns: false when the batch is full.
    func append(_ record: borrowing HeaderRecord, interface name: String) -> Bool {
        let number = records.count
        guard records.append(record) else { return false }
        if names.last?.name != name { names.append((number, name)) }
        return true
    }

    /// Encodes the batch, on a thread if there can be one.
    func start() {
        if thread == nil {
            var new = pthread_t()
            // The line outlives its threads: `stop` waits for them.
            let context = Unmanaged.passUnretained(self).toOpaque()
            let result = pthread_create(&new, nil, { BatchEncoder.enter($0) }, context)
            guard result == 0 else { return encode() }
            thread = new
        }
        isWorking = true
        sem_post(full)
    }

    private static func enter(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Unmanaged<BatchEncoder>.fromOpaque(context!).takeUnretainedValue().run()
        return nil
    }

    private func run() {
        while true {
            while sem_wait(full) != 0 {}
            if isOver { return }
            encode()
            sem_post(done)
        }
    }

    func encode() {
        var run = 0
        records.forEach({ record in
            if run + 1 < names.count, names[run + 1].first == ends.count { run += 1 }
            encoder.append(record, record.layout, interface: names[run].name)
            ends.append(encoder.byteCount)
        })
        records.removeAll()
    }

    /// Waits until the batch is encoded.
    func wait() {
        guard isWorking else { return }
        while sem_wait(done) != 0 {}
        isWorking = false
    }

    /// Hands out the objects, and forgets them.
    func deliver(_ each: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        defer {
            encoder.removeAll()
            ends.removeAll(keepingCapacity: true)
            names.removeAll(keepingCapacity: true)
        }
        var start = 0
        for end in ends {
            try each(UnsafeRawBufferPointer(rebasing: encoder.bytes[start..<end]))
            // Behind the separator.
            start = end + 1
        }
    }

    /// Ends the thread.
    func stop() {
        guard let thread else { return }
        wait()
        isOver = true
        sem_post(full)
        pthread_join(thread, nil)
        self.thread = nil
    }
}
