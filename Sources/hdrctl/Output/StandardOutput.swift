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

    func line(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        buffer.append(contentsOf: bytes)
        try endLine()
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
        var sent = 0
        while sent < buffer.count {
            let count = buffer.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress! + sent, $0.count - sent) }
            if count >= 0 {
                sent += count
            } else if errno == EPIPE {
                buffer.removeAll()
                throw .pipeClosed
            } else if errno != EINTR {
                let problem = String(cString: strerror(errno))
                buffer.removeAll()
                throw Failure(.inputOutput, "standard output: \(problem)")
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
