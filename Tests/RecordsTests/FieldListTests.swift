import Foundation
import Records
import Testing

@Suite("Documentation of fields")
struct FieldListTests {
    /// docs/fields.md as the catalogue says it has to be.
    private static var expected: String {
        var text = """
            # Fields

            Everything that is known of a packet. One name serves as filter field, SQL column, JSON key, CSV heading and group-by key.
            Names are only ever added. Filters read names and aliases in any case. A field is absent when its header is not in the
            captured bytes.

            | field | type | meaning | aliases |
            |---|---|---|---|

            """
        for field in Field.allCases {
            text +=
                "| `\(field.name)` | \(field.type) | \(field.documentation) | \(field.aliases.joined(separator: ", ")) |\n"
        }
        return text
    }

    @Test("docs/fields.md lists every field as the catalogue has it")
    func listIsCurrent() throws {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/fields.md").standardized
        if ProcessInfo.processInfo.environment["HDRLOG_WRITE_DOCS"] != nil {
            try Self.expected.write(to: file, atomically: true, encoding: .utf8)
        }
        let written = try String(contentsOf: file, encoding: .utf8)
        #expect(written == Self.expected, "run the test with HDRLOG_WRITE_DOCS=1 and commit docs/fields.md")
    }
}
