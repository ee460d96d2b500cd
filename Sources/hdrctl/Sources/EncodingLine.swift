internal import Glibc
internal import Records
internal import Wire

/// Turns records into JSON lines on threads beside the one that reads them, and delivers these in order.
///
/// Encoders take turns with batches of records: while one batch is filled the others are encoded. Until the first one
/// is full there are no threads: most answers are short.
final class EncodingLine {
    /// Bytes of records in a batch, some two thousand of them; their lines take up to 2 MB.
    private static let batchSize = 1 << 18

    private let encoders: [BatchEncoder]
    /// The one whose batch is being filled.
    private var turn = 0
    private let each: (JSONLines) throws(Failure) -> Void

    /// - Parameter each: gets lines that are valid within the call only, on the thread that calls this line's methods.
    init(fields: [Field]?, raw: Bool, _ each: @escaping (JSONLines) throws(Failure) -> Void) {
        encoders = (0..<3).map { _ in BatchEncoder(fields: fields, raw: raw, capacity: Self.batchSize) }
        self.each = each
    }

    /// Takes a record; delivers what was finished meanwhile.
    func append(_ record: borrowing HeaderRecord, interface: String) throws(Failure) {
        if encoders[turn].append(record, interface: interface) { return }
        encoders[turn].start()
        turn = (turn + 1) % encoders.count
        try encoders[turn].deliver(each)
        _ = encoders[turn].append(record, interface: interface)
    }

    /// Delivers all that is left.
    func finish() throws(Failure) {
        // The batch that is being filled is the latest one; those behind it are older, the next one is the oldest.
        for later in 1..<encoders.count { try encoders[(turn + later) % encoders.count].deliver(each) }
        encoders[turn].encode()
        try encoders[turn].deliver(each)
    }

    deinit {
        for encoder in encoders { encoder.stop() }
    }
}

/// One batch of records and the lines that were made of them; filled and emptied by one thread, encoded on another.
///
/// Safe since the two never have it at the same time: the semaphores hand it over.
private final class BatchEncoder: @unchecked Sendable {
    private let records: RecordChunk
    /// Interface names: each holds from a record on until the next one does.
    private var names: [(first: Int, name: String)] = []
    private var encoder: RecordJSONEncoder
    private var thread: pthread_t?
    private var isWorking = false
    private var isOver = false
    private let full = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(fields: [Field]?, raw: Bool, capacity: Int) {
        records = RecordChunk(capacity: capacity)
        encoder = RecordJSONEncoder(fields: fields, raw: raw, as: .lines)
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
            if run + 1 < names.count, names[run + 1].first == encoder.count { run += 1 }
            encoder.append(record, record.layout, interface: names[run].name)
        })
        records.removeAll()
        names.removeAll(keepingCapacity: true)
    }

    /// Waits until the batch is encoded.
    private func wait() {
        guard isWorking else { return }
        while sem_wait(done) != 0 {}
        isWorking = false
    }

    /// Waits until the batch is encoded, hands out its lines, and forgets them.
    func deliver(_ each: (JSONLines) throws(Failure) -> Void) throws(Failure) {
        wait()
        defer { encoder.removeAll() }
        if encoder.count > 0 { try encoder.withLines(each) }
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
