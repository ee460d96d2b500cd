import Testing

@testable import Wire

@Suite("Replies of a stream")
struct StreamedReplyTests {
    private static func lines(_ text: String) throws -> [String] {
        var bytes = Array(text.utf8)
        return try bytes.withUnsafeMutableBytes { message in
            var found: [String] = []
            let reply = try StreamedReply(message)
            _ = reply.withRecords { records in
                found = records.map { String(decoding: $0, as: UTF8.self) }
                #expect(String(decoding: records.bytes, as: UTF8.self) == found.map { $0 + "\n" }.joined())
                return true
            }
            return found
        }
    }

    @Test(
        "records become lines, whatever stands between them",
        arguments: [
            "[{\"a\":1},{},{\"b\":[\"},{\"]}]", "[ {\"a\":1} ,\n {}, {\"b\":[\"},{\"]}\t]",
            "[\n\n{\"a\":1},{}  ,{\"b\":[\"},{\"]}]",
        ])
    func separators(_ records: String) throws {
        let wanted = ["{\"a\":1}", "{}", "{\"b\":[\"},{\"]}"]
        #expect(try Self.lines("{\"continues\":true,\"parameters\":{\"records\":\(records)}}") == wanted)
        #expect(try Self.lines("{\"parameters\":{\"records\":\(records),\"x\":[1]},\"continues\":true}") == wanted)
    }

    @Test("a reply without records has no lines")
    func none() throws {
        for reply in ["{}", "{\"parameters\":{}}", "{\"parameters\":{\"records\":[]}}"] {
            #expect(try Self.lines(reply) == [])
        }
    }

    @Test("what is behind the records is read as well")
    func completeness() throws {
        let told = "{\"since\":1,\"until\":2,\"records\":1,\"limited\":false,\"rates\":[],\"gaps\":[]}"
        var bytes = Array("{\"parameters\":{\"records\":[{}],\"completeness\":\(told)}}".utf8)
        try bytes.withUnsafeMutableBytes { message in
            let reply = try StreamedReply(message)
            #expect(!reply.continues && reply.error == nil)
            #expect(try reply.completeness()?.until == 2)
        }
    }

    @Test("a reply cut anywhere is refused, and none of its records is passed on")
    func cut() {
        let text = "{\"continues\":true,\"parameters\":{\"records\":[{\"a\":\"\\\"}\"}, {\"b\":{}},[]]}}"
        for length in 0..<text.utf8.count {
            #expect(throws: ClientError.self) { try Self.lines(String(text.prefix(length))) }
        }
    }

    @Test("the reader survives every mutilation of a reply")
    func mutilated() {
        let records = "\"records\":[{\"a\":1},{\"b\":\"x\"}],\"records\":[{}]"
        let text = Array("{\"parameters\":{\(records)},\"error\":\"e\"}".utf8)
        for index in text.indices {
            for byte in ["\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\0"].map({ $0.utf8.first! }) {
                var changed = text
                changed[index] = byte
                _ = try? Self.lines(String(decoding: changed, as: UTF8.self))
            }
        }
    }
}
