internal import NIOCore
internal import Synchronization

/// The sink of one `Query`: frames batches of records as replies and holds the producer back.
final class RecordReplies: ReplySink {
    private struct State {
        /// The latest two writes; the older one has to be over before another begins.
        var older: EventLoopFuture<Void>?
        var newer: EventLoopFuture<Void>?
        /// Records of an answer without `more`.
        var collected = ByteBuffer()
        var isCancelled = false
    }

    private static let head: StaticString = "{\"continues\":true,\"parameters\":{\"records\":["
    private static let tail: StaticString = "]}}\0"

    private let channel: any Channel
    private let call: (more: Bool, oneway: Bool)
    private let limit: Int
    private let state = Mutex(State())

    init(_ channel: any Channel, _ call: Call, limit: Int) {
        self.channel = channel
        self.call = (call.more, call.oneway)
        self.limit = limit
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func cancel() { state.withLock { $0.isCancelled = true } }

    func send(_ records: borrowing RecordJSONEncoder) async throws(ServiceError) -> Bool {
        guard call.more else { return try collect(records) }
        guard records.count > 0 else { return try wanted() }
        let message = framed(records)
        if let busy = try slot() {
            do { try await busy.get() } catch { throw .disconnected }
        }
        return try write(message)
    }

    func sendBlocking(_ records: borrowing RecordJSONEncoder) throws(ServiceError) -> Bool {
        guard call.more else { return try collect(records) }
        guard records.count > 0 else { return try wanted() }
        let message = framed(records)
        if let busy = try slot() {
            do { try busy.wait() } catch { throw .disconnected }
        }
        return try write(message)
    }

    private func wanted() throws(ServiceError) -> Bool {
        guard !isCancelled else { throw .disconnected }
        return true
    }

    private func framed(_ records: borrowing RecordJSONEncoder) -> ByteBuffer {
        let size = records.byteCount + Self.head.utf8CodeUnitCount + Self.tail.utf8CodeUnitCount
        var message = channel.allocator.buffer(capacity: size)
        message.writeStaticString(Self.head)
        message.writeBytes(records.bytes)
        message.writeStaticString(Self.tail)
        return message
    }

    /// The write that has to be over before the next one.
    private func slot() throws(ServiceError) -> EventLoopFuture<Void>? {
        let (busy, isCancelled) = state.withLock { ($0.older, $0.isCancelled) }
        guard !isCancelled else { throw .disconnected }
        return busy
    }

    private func write(_ message: ByteBuffer) throws(ServiceError) -> Bool {
        guard !isCancelled else { throw .disconnected }
        let written = channel.writeAndFlush(message)
        state.withLock { ($0.older, $0.newer) = ($0.newer, written) }
        return true
    }

    /// Without `more` there is one reply: records are kept for it up to the limit.
    private func collect(_ records: borrowing RecordJSONEncoder) throws(ServiceError) -> Bool {
        let bytes = records.bytes
        let oneway = call.oneway
        let (fits, isCancelled) = state.withLock { state in
            guard !state.isCancelled, !oneway, state.collected.readableBytes + bytes.count <= limit else {
                return (false, state.isCancelled)
            }
            if state.collected.readableBytes > 0, bytes.count > 0 { state.collected.writeInteger(UInt8(ascii: ",")) }
            state.collected.writeBytes(bytes)
            return (true, false)
        }
        guard !isCancelled else { throw .disconnected }
        return fits
    }

    /// The last reply.
    func finalMessage(_ completeness: Completeness) -> ByteBuffer {
        let collected = state.withLock { $0.collected }
        let told = JSONValue(encoding: completeness).bytes
        var message = channel.allocator.buffer(capacity: collected.readableBytes + told.count + 64)
        message.writeStaticString("{\"parameters\":{\"records\":[")
        message.writeImmutableBuffer(collected)
        message.writeStaticString("],\"completeness\":")
        message.writeBytes(told)
        message.writeStaticString("}}\0")
        return message
    }
}
