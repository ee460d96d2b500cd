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
            if let end = UnsafeRawBufferPointer(rebasing: buffer[scanned..<filled]).firstIndex(of: 0) {
                current = start..<(scanned + end)
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
    private var records: UnsafeRawBufferPointer?
    private var completenessBytes: UnsafeRawBufferPointer?
    private(set) var continues = false
    private(set) var error: ServiceError?

    init(_ message: UnsafeRawBufferPointer) throws(ClientError) {
        var parameters: UnsafeRawBufferPointer?
        var errorName: UnsafeRawBufferPointer?
        do throws(JSONError) {
            var scanner = JSONScanner(message)
            var continues = false
            try scanner.members { key, value in
                if key.elementsEqual("parameters".utf8) { parameters = value }
                if key.elementsEqual("error".utf8) { errorName = value }
                if key.elementsEqual("continues".utf8) { continues = value.elementsEqual("true".utf8) }
            }
            self.continues = continues
            if let errorName { error = try Self.error(errorName, parameters) } else { try split(parameters) }
        } catch {
            throw .garbled("byte \(error.offset): \(error.problem)")
        }
    }

    private static func error(
        _ name: UnsafeRawBufferPointer, _ parameters: UnsafeRawBufferPointer?
    ) throws(JSONError) -> ServiceError {
        let values = try parameters.map { bytes throws(JSONError) in try JSONValue(parsing: Array(bytes)) }
        let name = try JSONValue(parsing: Array(name)).string ?? ""
        return ServiceError(name: name, parameters: values?.object ?? [:])
    }

    private mutating func split(_ parameters: UnsafeRawBufferPointer?) throws(JSONError) {
        guard let parameters else { return }
        var (records, completeness): (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?)
        var scanner = JSONScanner(parameters)
        try scanner.members { key, value in
            if key.elementsEqual("records".utf8) { records = value }
            if key.elementsEqual("completeness".utf8) { completeness = value }
        }
        (self.records, completenessBytes) = (records, completeness)
    }

    /// - Returns: false when `body` did.
    func forEachRecord(_ body: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) -> Bool {
        guard let records else { return true }
        var goesOn = true
        do throws(JSONError) {
            var scanner = JSONScanner(records)
            try scanner.elements { if goesOn { goesOn = body($0) } }
        } catch {
            throw .garbled("records, byte \(error.offset): \(error.problem)")
        }
        return goesOn
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
