internal import BPF
internal import CHdrlog
internal import Records

/// How large the flow table is; see bpf/flow.bpf.h for how it is used.
struct FlowTableSize: Equatable {
    /// Of one bank.
    let entries: Int
    /// Of one bank: a power of two, at least as many as entries, so that chains are short.
    let heads: Int

    private static let headBytes = MemoryLayout<UInt32>.size
    /// Banks and windows into them begin at a page: 2048 entries of 96 bytes, and 16384 heads, are whole pages of up to
    /// 64 KiB.
    static let step = 2048
    private static let fewestHeads = 16384

    /// What fits into so many bytes, both banks together.
    init(memory: Int) {
        let share = memory / Int(HDRLOG_BANKS)
        var best = (entries: Self.step, heads: Self.fewestHeads)
        var heads = Self.fewestHeads
        while heads * Self.headBytes < share {
            let room = (share - heads * Self.headBytes) / MemoryLayout<hdrlog_flow>.stride
            let entries = min(heads, room) / Self.step * Self.step
            if entries > best.entries { best = (entries, heads) }
            heads *= 2
        }
        entries = best.entries
        self.heads = best.heads
    }

    /// Of tables that are there.
    init(flows: Map, heads: Map) {
        entries = flows.entries / Int(HDRLOG_BANKS)
        self.heads = heads.entries / Int(HDRLOG_BANKS) * 64 / Self.headBytes
    }

    var lines: Int { heads * Self.headBytes / 64 }

    /// Of the hash's 32 bits, the highest choose a head.
    var hashShift: Int { 32 - heads.trailingZeroBitCount }

    /// The programs' constants in the order of their definition, secret factors included.
    var constants: [UInt32] {
        let factors = (0..<6).flatMap { _ in
            let factor = UInt64.random(in: 0...UInt64.max) | 1
            return [UInt32(truncatingIfNeeded: factor), UInt32(factor >> 32)]
        }
        return [UInt32(entries), UInt32(lines), UInt32(hashShift)] + factors
    }
}

/// The flows of both banks, in memory that the programs write and this reads in place.
final class FlowTable: Sendable {
    private let size: FlowTableSize
    private let flows: Map
    private let heads: Map
    private let usage: Map

    /// Pages that are mapped count as resident memory, so only so much of the table is at a time.
    private static let window = 8 * FlowTableSize.step

    init(flows: Map, heads: Map, usage: Map) {
        size = FlowTableSize(flows: flows, heads: heads)
        (self.flows, self.heads, self.usage) = (flows, heads, usage)
    }

    /// Entries of a bank at the most.
    var limit: Int { size.entries }

    /// Hands out the flows of a frozen bank.
    /// - Parameter clockOffset: from the kernel's coarse clock to UTC.
    func forEach(bank: Int, clockOffset: Int64, _ body: (FlowRecord) -> Void) throws(BPFError) {
        let count = entries(bank: bank)
        guard count > 0 else { return }
        let stride = MemoryLayout<hdrlog_flow>.stride
        for start in Swift.stride(from: 0, to: count, by: Self.window) {
            let here = min(Self.window, count - start)
            let offset = (bank * size.entries + start) * stride
            try flows.withShared(offset: offset, count: here * stride) { bytes in
                for flow in UnsafeRawBufferPointer(bytes).bindMemory(to: hdrlog_flow.self) where flow.value.frames > 0 {
                    body(FlowRecord(key: flow.key, value: flow.value, clockOffset: clockOffset))
                }
            }
        }
    }

    /// Forgets the flows of a frozen bank. Entries themselves are overwritten when they are taken again.
    func clear(bank: Int) throws(BPFError) {
        guard entries(bank: bank) > 0 else { return }
        let bytes = size.lines * 64
        for start in stride(from: 0, to: bytes, by: 1 << 20) {
            try heads.withShared(offset: bank * bytes + start, count: min(1 << 20, bytes - start)) {
                _ = $0.initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
        try setEntries(0, bank: bank)
    }

    /// Entries that are taken in a bank now.
    func entries(bank: Int) -> Int {
        var used = hdrlog_flow_usage()
        try? withUnsafeMutableBytes(of: &used) { bytes throws(BPFError) in try usage.read(UInt32(bank), into: bytes) }
        return min(Int(used.entries), limit)
    }

    private func setEntries(_ count: UInt64, bank: Int) throws(BPFError) {
        var used = hdrlog_flow_usage()
        used.entries = count
        try withUnsafeBytes(of: used) { bytes throws(BPFError) in try usage.write(UInt32(bank), bytes) }
    }
}
