import Testing
import Wire

@Suite("JSON")
struct JSONTests {
    @Test(
        "a text is read and written back",
        arguments: [
            "null", "true", "[]", "{}", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5", "\"\"",
            "\"a\\\"b\\\\c\\n\\u0001\"", "[1,[2,{\"a\":null}]]", "{\"a\":1,\"b\":[true,false]}", "\"ü€😀\"",
        ])
    func roundTrip(_ text: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).text == text)
    }

    @Test(
        "other spellings mean the same",
        arguments: [
            (" [ 1 , 2 ] ", "[1,2]"), ("\"\\u00fc\\ud83d\\ude00\"", "\"ü😀\""), ("\"\\/\\b\"", "\"/\\u0008\""),
            ("\"\\ud800\"", "\"\u{FFFD}\""), ("1e2", "100.0"), ("18446744073709551616", "1.8446744073709552e+19"),
        ])
    func spellings(_ text: String, _ expected: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).text == expected)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "01", "1.", "1e", "-", "+1", "[1,]", "[1", "{\"a\"}", "{\"a\":}", "{a:1}", "\"", "\"\\x\"",
            "\"\\u12\"", "\"\t\"", "1 2", "[]]", "NaN", "'a'", "{\"a\":1,}",
        ])
    func refused(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func encoding() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xC0, 0x80, 0x22]) }
    }

    @Test("a member of another type is told by its path")
    func mismatch() throws {
        let value = try JSONValue(parsing: Array("{\"limit\":1,\"fields\":[1]}".utf8))
        let error = #expect(throws: MessageError.self) { try value.decoded(as: QueryRequest.self) }
        #expect(error?.member == "fields")
    }

    @Test("members that this version does not know are skipped")
    func growth() throws {
        let value = try JSONValue(parsing: Array("{\"limit\":1,\"later\":{\"x\":[]}}".utf8))
        #expect(try value.decoded(as: QueryRequest.self) == QueryRequest(limit: 1))
    }

    @Test("the scanner survives every prefix and mutilation of a text")
    func scanner() {
        let text = Array("{\"a\":{\"b\":[1,\"\\\"x\"]},\"c\":null}".utf8)
        for length in 0...text.count {
            for flip in 0..<max(1, length) {
                var bytes = Array(text.prefix(length))
                if length > 0 { bytes[flip] ^= 0x20 }
                bytes.withUnsafeBytes { buffer in
                    var scanner = JSONScanner(buffer)
                    try? scanner.members { _, _ in }
                }
            }
        }
    }

    @Test("strings are stepped over wherever their quotation marks and backslashes lie")
    func stringsSteppedOver() throws {
        for length in 0..<40 {
            for place in 0...length {
                for special in ["", "\"", "\\", "\\\"", "]}"] {
                    let text =
                        String(repeating: "a", count: place) + special + String(repeating: "b", count: length - place)
                    let object: JSONObject = ["a": .string(text), "b": .array([.integer(1)])]
                    let values: [JSONValue] = [
                        .string(text), .array([.string(text), .string("")]), .object(object),
                        .object(["a": .object(object), "b": .object([:])]), .object(["c": .string("}" + text)]),
                    ]
                    let all = JSONValue.array(values).bytes
                    var found: [[UInt8]] = []
                    try all.withUnsafeBytes { buffer in
                        var scanner = JSONScanner(buffer)
                        try scanner.elements { found.append(Array($0)) }
                    }
                    #expect(found == values.map(\.bytes))
                }
            }
        }
    }
}
