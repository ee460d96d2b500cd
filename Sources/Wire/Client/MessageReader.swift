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

    /// Valid until `next`.
    var message: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[current]) }

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

/// One reply of a stream, cut up but not decoded.
struct StreamedReply {
    private var completenessBytes: UnsafeRawBufferPointer?
    private(set) var continues = false
    private(set) var error: ServiceError?
    /// False when the one who gets the records wants no more; then the rest was not looked at.
    private(set) var goesOn = true

    /// Reads a reply in one pass.
    /// - Parameter each: gets each record.
    init(_ message: UnsafeRawBufferPointer, _ each: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) {
        do throws(JSONError) {
            try read(message, each)
        } catch {
            throw .garbled("byte \(error.offset): \(error.problem)")
        }
    }

    private mutating func read(
        _ message: UnsafeRawBufferPointer, _ each: (UnsafeRawBufferPointer) -> Bool
    ) throws(JSONError) {
        var scanner = JSONScanner(message)
        var found = StreamedReply()
        var (errorName, errorParameters): (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?)
        try scanner.eachMember { key, scanner throws(JSONError) in
            if key.elementsEqual("parameters".utf8) {
                errorParameters = try scanner.spanning { scanner throws(JSONError) in
                    try found.readParameters(&scanner, each)
                }
                return
            }
            let value = try scanner.value()
            if key.elementsEqual("error".utf8) { errorName = value }
            if key.elementsEqual("continues".utf8) { found.continues = value.elementsEqual("true".utf8) }
        }
        if let errorName { found.error = try Self.error(errorName, errorParameters) }
        self = found
    }

    private init() {}

    private mutating func readParameters(
        _ scanner: inout JSONScanner, _ each: (UnsafeRawBufferPointer) -> Bool
    ) throws(JSONError) {
        var (goesOn, completeness) = (true, completenessBytes)
        try scanner.eachMember { key, scanner throws(JSONError) in
            if key.elementsEqual("records".utf8) {
                try scanner.elements { if goesOn { goesOn = each($0) } }
            } else {
                let value = try scanner.value()
                if key.elementsEqual("completeness".utf8) { completeness = value }
            }
        }
        (self.goesOn, completenessBytes) = (goesOn, completeness)
    }

    private static func error(
        _ name: UnsafeRawBufferPointer, _ parameters: UnsafeRawBufferPointer?
    ) throws(JSONError) -> ServiceError {
        let values = try parameters.map { bytes throws(JSONError) in try JSONValue(parsing: Array(bytes)) }
        let name = try JSONValue(parsing: Array(name)).string ?? ""
        return ServiceError(name: name, parameters: values?.object ?? [:])
    }

    func completeness() throws(ClientError) -> Completeness? {
        guard let completenessBytes else { return nil }
        do {
            return try JSONValue(parsing: Array(completenessBytes)).decoded(as: Completeness.self)
        } catch {
            throw .garbled("completeness: \(error)")
        }
    }
}
