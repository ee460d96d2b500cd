internal import Glibc

/// Standard output through a buffer of our own: one write(2) for many records.
final class StandardOutput {
    private var buffer: [UInt8] = []
    private let flushAt: Int

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// - Parameter prompt: writes each line at once, for people who watch.
    init(prompt: Bool) {
        flushAt = prompt ? 1 : 1 << 16
        buffer.reserveCapacity(1 << 17)
    }

    /// Whole lines, each with its line feed; many of them are written from where they lie.
    func lines(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        if bytes.count < flushAt {
            buffer.append(contentsOf: bytes)
            if buffer.count >= flushAt { try flush() }
        } else {
            try flush()
            try Self.write(bytes)
        }
    }

    func line(_ text: String) throws(Failure) {
        buffer.append(contentsOf: text.utf8)
        try endLine()
    }

    /// Lets `body` append a line.
    func line(_ body: (inout [UInt8]) -> Void) throws(Failure) {
        body(&buffer)
        try endLine()
    }

    /// Bytes that are no line.
    func bytes(_ bytes: [UInt8]) throws(Failure) {
        buffer += bytes
        if buffer.count >= flushAt { try flush() }
    }

    private func endLine() throws(Failure) {
        buffer.append(0x0A)
        if buffer.count >= flushAt { try flush() }
    }

    func flush() throws(Failure) {
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBufferPointer { bytes throws(Failure) in try Self.write(UnsafeRawBufferPointer(bytes)) }
    }

    /// write(2) until all is written.
    private static func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.write(STDOUT_FILENO, bytes.baseAddress! + sent, bytes.count - sent)
            if count >= 0 {
                sent += count
            } else if errno == EPIPE {
                throw .pipeClosed
            } else if errno != EINTR {
                throw Failure(.inputOutput, "standard output: \(String(cString: strerror(errno)))")
            }
        }
    }
}
