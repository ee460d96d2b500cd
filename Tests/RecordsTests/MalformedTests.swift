import CHdrlog
import PacketBuilder
import Records
import Testing

@Suite("Malformed frames")
struct MalformedTests {
    @Test("the reason and the kept bytes are those of the table", arguments: MalformedCase.all)
    func reasonAndExtent(_ one: MalformedCase) {
        let layout = one.bytes.withUnsafeBytes { HeaderLayout(walking: $0, linkType: 0, frameLength: $0.count) }
        #expect(MalformedReason(rawValue: layout.malformed) == one.reason)
        #expect(Int(layout.end) == one.kept)
    }

    @Test("the kept bytes lay out as the whole frame does", arguments: MalformedCase.all)
    func keptBytesSuffice(_ one: MalformedCase) {
        one.bytes.withUnsafeBytes { frame in
            let whole = HeaderLayout(walking: frame, linkType: 0, frameLength: frame.count)
            let kept = UnsafeRawBufferPointer(rebasing: frame[..<Int(whole.end)])
            #expect(HeaderLayout(walking: kept, linkType: 0, frameLength: frame.count) == whole)
        }
    }

    @Test("the table has a frame for every reason", arguments: MalformedReason.allCases)
    func everyReason(_ reason: MalformedReason) {
        #expect(MalformedCase.all.contains { $0.reason == reason })
    }
}
