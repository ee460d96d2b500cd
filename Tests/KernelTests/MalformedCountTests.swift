import CHdrlog
import Capture
import PacketBuilder
import Records
import Testing

@Suite("Malformed frames in the running kernel", .serialized, .enabled(if: isRoot, "needs root"))
struct MalformedCountTests {
    @Test("each frame of the table is counted by its reason", arguments: LoadedPrograms.Program.allCases)
    func counted(_ program: LoadedPrograms.Program) throws {
        let programs = try LoadedPrograms()
        var expected: [UInt64] = Array(repeating: 0, count: Int(HDRLOG_MALFORMED_REASONS.rawValue))
        try programs.use {
            for one in MalformedCase.all where one.bytes.withUnsafeBytes(program.takes) {
                let record = try #require(try programs.run(program, one.bytes).first)
                #expect(MalformedReason(rawValue: record.metadata.malformed) == one.reason, "\(one)")
                #expect(record.bytes.count == one.kept, "\(one)")
                if let reason = one.reason { expected[Int(reason.rawValue)] += 1 }
            }
            #expect(try programs.counters(program.direction).malformed == expected)
        }
    }
}
