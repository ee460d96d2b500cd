internal import CLibBPF

/// A BPF ring buffer whose contents mean nothing: programs write into it to wake a thread.
///
/// ring_buffer__new, ring_buffer__consume.
public final class Doorbell: @unchecked Sendable {
    private let buffer: OpaquePointer

    /// - Parameter map: of type BPF_MAP_TYPE_RINGBUF, with this one reader.
    public init(_ map: Map) throws(BPFError) {
        guard let buffer = ring_buffer__new(map.descriptor, { _, _, _ in 0 }, nil, nil) else {
            throw .last("read a BPF ring buffer")
        }
        self.buffer = buffer
    }

    deinit { ring_buffer__free(buffer) }

    /// Readable when it was rung and not answered yet.
    public var descriptor: Int32 { ring_buffer__epoll_fd(buffer) }

    /// Makes it ready to be rung again.
    public func answer() { ring_buffer__consume(buffer) }
}
