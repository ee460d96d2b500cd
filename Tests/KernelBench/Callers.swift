import BPF

/// Programs of a few instructions that are run in the place of a driver.
enum Callers {
    /// `struct bpf_insn`.
    private static func encode(
        _ code: UInt64, _ destination: UInt64 = 0, _ source: UInt64 = 0, offset: Int16 = 0, _ immediate: Int32 = 0
    ) -> UInt64 {
        let high = UInt64(UInt32(bitPattern: immediate)) << 32
        return code | destination << 8 | source << 12 | UInt64(UInt16(bitPattern: offset)) << 16 | high
    }

    /// Lets the frame pass.
    static func empty() throws(BPFError) -> GeneratedProgram {
        try GeneratedProgram(.xdpFrags, instructions: [encode(0xB7, 0, 0, 2), encode(0x95)])
    }

    /// Steps the frame's source port (of IPv4 without options) through all 65,536 in an order that no prefetcher knows,
    /// then tail-calls what stands in the array.
    static func spread(_ next: borrowing ProgramArray) throws(BPFError) -> GeneratedProgram {
        try GeneratedProgram(
            .xdpFrags,
            instructions: [
                encode(0xBF, 6, 1),  // r6 = context
                encode(0x61, 2, 1),  // r2 = data
                encode(0x61, 3, 1, offset: 4),  // r3 = data_end
                encode(0xBF, 4, 2),
                encode(0x07, 4, 0, 36),  // r4 = behind the source port
                encode(0x2D, 4, 3, offset: 9),  // if r4 > r3: pass
                encode(0x69, 5, 2, offset: 34),
                encode(0x27, 5, 0, 25173),
                encode(0x07, 5, 0, 13849),
                encode(0x6B, 2, 5, offset: 34),
                encode(0xBF, 1, 6),
                encode(0x18, 2, 1, next.reference), 0,  // r2 = the array
                encode(0xB7, 3, 0, 0),
                encode(0x85, 0, 0, 12),  // bpf_tail_call
                encode(0xB7, 0, 0, 2),
                encode(0x95),
            ])
    }
}
