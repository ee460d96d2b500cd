import CHdrlog
import Testing

@testable import BPF
@testable import Capture

@Suite("Marks in a program's instructions")
struct MarkedCodeTests {
    private static let number = UInt64(HDRLOG_ASKS_NOT) << 32 | 0xB7
    private static let call = UInt64(HDRLOG_TAG_CALL) << 32 | 0x85
    private static let exit: UInt64 = 0x95

    @Test("are replaced by numbers and calls; the rest stays")
    func marks() {
        var code = MarkedCode([Self.number, Self.call, Self.number, Self.exit])
        let done = [code.replace(HDRLOG_ASKS_NOT, with: HDRLOG_ASKS), code.call(7, at: HDRLOG_TAG_CALL)]
        #expect(done == [true, true])
        #expect(code.instructions == [UInt64(HDRLOG_ASKS) << 32 | 0xB7, 7 << 32 | 0x2085, Self.number, Self.exit])
    }

    @Test("that are not there change nothing, nor does a mark that is no call")
    func missing() {
        var code = MarkedCode([Self.number, Self.exit])
        let done = [
            code.call(7, at: HDRLOG_TAG_CALL), code.call(7, at: HDRLOG_ASKS_NOT),
            code.replace(HDRLOG_LOOKS_NOT, with: HDRLOG_LOOKS),
        ]
        #expect(done == [false, false, false])
        #expect(code.instructions == [Self.number, Self.exit])
    }

    @Test(
        "are in the XDP program, so that it can look into this kernel's context",
        .enabled(if: kernelIsAtLeast(6, 2), "bpf_cast_to_kern_ctx() is of Linux 6.2"))
    func looks() throws {
        let object = try Object(opening: EmbeddedObject.bytes)
        let before = MarkedCode(try object.instructions(of: "hdrlog_xdp")).instructions
        try FrameLength.look(object)
        let after = try object.instructions(of: "hdrlog_xdp")
        #expect(zip(before, after).filter { $0 != $1 }.count == 3)
        #expect(try KernelTypes().offset(of: "flags", in: "xdp_buff") % 4 == 0)
    }
}
