internal import Glibc

/// Cuts a stream into messages at their NULs, in one buffer that grows to the longest message.
struct MessageReader: ~Copyable {
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    /// The message at hand, without its NUL.
    private var current = 0..<0
    /// Where the next message begins, and the end of what has come.
    private var start = 0
    private var filled = 0

    deinit { buffer.deallocate() }

    /// Valid until `next`; whoever gets it may change it.
    var message: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: buffer[current]) }

    /// Waits for the next message.
    /// - Returns: false at the end of the stream.
    mutating func next(from socket: borrowing UnixSocket) throws(UnixSocket.Failure) -> Bool {
        var scanned = start
        while true {
            let rest = buffer.baseAddress! + scanned
            if let end = memchr(rest, 0, filled - scanned) {
                current = start..<(scanned + (UnsafeMutableRawPointer(end) - rest))
                start = current.upperBound + 1
                return true
            }
            moveDown()
            scanned = filled
            if filled == buffer.count { grow() }
            let count = try socket.receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { return false }
            filled += count
        }
    }

    private mutating func moveDown() {
        guard start > 0 else { return }
        buffer.baseAddress!.copyMemory(from: buffer.baseAddress! + start, byteCount: filled - start)
        filled -= start
        start = 0
        current = 0..<0
    }

    private mutating func grow() {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * buffer.count, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }
}
