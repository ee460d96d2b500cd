internal import Records
internal import Wire

/// One record's JSON object, cut up by field. Values are as in JSON: strings with their quotes.
struct RecordView {
    private static let names: [[UInt8]] = Field.allCases.map { Array($0.name.utf8) }
    private static let positions = Dictionary(uniqueKeysWithValues: Field.allCases.enumerated().map { ($1, $0) })

    private var values = [UnsafeRawBufferPointer?](repeating: nil, count: Field.allCases.count)
    /// The members of a raw record that are no fields.
    private(set) var headers: UnsafeRawBufferPointer?
    private(set) var linkType: UnsafeRawBufferPointer?

    /// Reads an object; what it holds is valid as long as its bytes. Members that are no fields are skipped.
    mutating func read(_ object: UnsafeRawBufferPointer) throws(Failure) {
        for index in values.indices { values[index] = nil }
        // Members come in the fields' order mostly: the search begins behind the last hit.
        var at = 0
        var found = values
        var (headers, linkType): (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?)
        do throws(JSONError) {
            var scanner = JSONScanner(object)
            try scanner.members { key, value in
                for step in 0..<Self.names.count {
                    let index = (at + step) % Self.names.count
                    guard key.elementsEqual(Self.names[index]) else { continue }
                    found[index] = value
                    at = index + 1
                    return
                }
                if key.elementsEqual("headers".utf8) { headers = value }
                if key.elementsEqual("linkType".utf8) { linkType = value }
            }
        } catch {
            throw Failure(.inputOutput, "a record cannot be read: byte \(error.offset), \(error.problem)")
        }
        values = found
        (self.headers, self.linkType) = (headers, linkType)
    }

    /// The JSON text of a field's value, nil when the record has none.
    func json(_ field: Field) -> UnsafeRawBufferPointer? { values[Self.positions[field]!] }

    func text(_ field: Field) -> String? {
        guard let json = json(field) else { return nil }
        guard json.first == UInt8(ascii: "\"") else { return String(decoding: json, as: UTF8.self) }
        // Only interface names can hold an escape; a plain string needs no parser.
        if !json.contains(UInt8(ascii: "\\")) { return String(decoding: json.dropFirst().dropLast(), as: UTF8.self) }
        return (try? JSONValue(parsing: Array(json)))?.string
    }

    func number(_ field: Field) -> Int64? { json(field).flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }
}
