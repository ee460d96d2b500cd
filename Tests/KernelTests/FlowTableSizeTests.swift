import CHdrlog
import Testing

@testable import Capture

@Suite("The size of the flow table")
struct FlowTableSizeTests {
    @Test(
        "both banks together fit into the budget and use most of it",
        arguments: [1 << 20, 3 << 20, 32 << 20, 100_000_000, 1 << 30, 16 << 30])
    func budget(_ memory: Int) {
        let size = FlowTableSize(memory: memory)
        let entry = MemoryLayout<hdrlog_flow>.stride
        let used = Int(HDRLOG_BANKS) * (size.entries * entry + size.lines * 64)
        #expect(used <= memory)
        #expect(used >= memory * 3 / 4, "\(used) of \(memory)")
    }

    @Test(
        "there is a head for each entry, and banks begin at a page of any size",
        arguments: [0, 1 << 20, 77 << 20, 1 << 33])
    func shape(_ memory: Int) {
        let size = FlowTableSize(memory: memory)
        #expect(size.heads >= size.entries && size.entries > 0)
        #expect(size.heads == 1 << (32 - size.hashShift), "the highest bits of the hash are a head's number")
        #expect(size.entries * MemoryLayout<hdrlog_flow>.stride % 65536 == 0)
        #expect(size.lines * 64 % 65536 == 0)
    }

    @Test("factors are odd and differ each time")
    func factors() {
        let size = FlowTableSize(memory: 1 << 20)
        let (first, second) = (size.constants.dropFirst(3), size.constants.dropFirst(3))
        #expect(first.count == 12 && first != second)
        #expect(stride(from: first.startIndex, to: first.endIndex, by: 2).allSatisfy { first[$0] & 1 == 1 })
    }
}
