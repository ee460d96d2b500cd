/// One reply of a stream: cut up but not decoded, its records made lines where they lie.
struct StreamedReply {
    private let message: UnsafeMutableRawBufferPointer
    private var completenessBytes: UnsafeRawBufferPointer?
    private(set) var continues = false
    private(set) var error: ServiceError?
    /// Where the first record begins.
    private var begin = 0
    /// Where each record ends, counted from there.
    private var ends: [Int] = []

    /// Reads a reply in one pass, to its end: nothing is passed on of one that is garbled.
    /// - Parameter message: is changed; has to live as long as the reply.
    init(_ message: UnsafeMutableRawBufferPointer) throws(ClientError) {
        self.message = message
        do throws(JSONError) {
            try read()
        } catch {
            throw .garbled("byte \(error.offset): \(error.problem)")
        }
    }

    private mutating func read() throws(JSONError) {
        var scanner = JSONScanner(UnsafeRawBufferPointer(message))
        var found = self
        var (errorName, errorParameters): (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?)
        try scanner.eachMember { key, scanner throws(JSONError) in
            if key.elementsEqual("parameters".utf8) {
                errorParameters = try scanner.spanning { scanner throws(JSONError) in
                    try found.readParameters(&scanner)
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

    private mutating func readParameters(_ scanner: inout JSONScanner) throws(JSONError) {
        var found = self
        try scanner.eachMember { key, scanner throws(JSONError) in
            if key.elementsEqual("records".utf8) {
                try scanner.elements { found.take($0) }
                found.endLine()
            } else {
                let value = try scanner.value()
                if key.elementsEqual("completeness".utf8) { found.completenessBytes = value }
            }
        }
        self = found
    }

    /// Takes a record, which the scanner has just stepped over.
    private mutating func take(_ record: UnsafeRawBufferPointer) {
        let start = record.baseAddress! - UnsafeRawPointer(message.baseAddress!)
        if ends.isEmpty { begin = start }
        endLine()
        // One comma stands between two records of hdrlogd's; where there is more they move together.
        let next = begin + (ends.last.map { $0 + 1 } ?? 0)
        if next != start {
            (message.baseAddress! + next).copyMemory(from: record.baseAddress!, byteCount: record.count)
        }
        ends.append(next - begin + record.count)
    }

    /// Writes a line feed over what stands behind the latest record, which the scanner has stepped over meanwhile.
    private func endLine() {
        if let end = ends.last { message[begin + end] = UInt8(ascii: "\n") }
    }

    private static func error(
        _ name: UnsafeRawBufferPointer, _ parameters: UnsafeRawBufferPointer?
    ) throws(JSONError) -> ServiceError {
        let values = try parameters.map { bytes throws(JSONError) in try JSONValue(parsing: Array(bytes)) }
        let name = try JSONValue(parsing: Array(name)).string ?? ""
        return ServiceError(name: name, parameters: values?.object ?? [:])
    }

    /// Lends out the records, if there are any.
    /// - Returns: whether `body` wants more.
    func withRecords(_ body: (JSONLines) -> Bool) -> Bool {
        guard let last = ends.last else { return true }
        let bytes = UnsafeRawBufferPointer(rebasing: message[begin...(begin + last)])
        return ends.withUnsafeBufferPointer { body(JSONLines(bytes, ends: $0)) }
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
