/// One eBPF instruction as `struct bpf_insn` lies in memory on a little-endian machine: opcode, the two registers,
/// 16 bits of offset, 32 bits of immediate value. See the kernel's Documentation/bpf/standardization.
struct Instruction {
    let encoded: UInt64

    private init(_ opcode: UInt8, to: UInt8 = 0, from: UInt8 = 0, offset: Int16 = 0, value: UInt32 = 0) {
        let registers = UInt64(to | from << 4) << 8
        encoded = UInt64(opcode) | registers | UInt64(UInt16(bitPattern: offset)) << 16 | UInt64(value) << 32
    }

    static func move(_ to: UInt8, _ value: UInt32) -> Instruction { Instruction(0xb7, to: to, value: value) }
    static func copy(_ to: UInt8, _ from: UInt8) -> Instruction { Instruction(0xbf, to: to, from: from) }
    static func add(_ to: UInt8, _ value: UInt32) -> Instruction { Instruction(0x07, to: to, value: value) }
    /// The 32-bit remainder of an unsigned division.
    static func remainder(_ to: UInt8, _ value: UInt32) -> Instruction { Instruction(0x94, to: to, value: value) }
    /// The low 16 bits in network byte order.
    static func bigEndian16(_ to: UInt8) -> Instruction { Instruction(0xdc, to: to, value: 16) }
    static func load32(_ to: UInt8, from: UInt8, at offset: Int16) -> Instruction {
        Instruction(0x61, to: to, from: from, offset: offset)
    }
    static func store16(_ from: UInt8, to: UInt8, at offset: Int16) -> Instruction {
        Instruction(0x6b, to: to, from: from, offset: offset)
    }
    /// Skips `count` instructions if register `left` is greater, unsigned, than `right`.
    static func skip(_ count: Int16, if left: UInt8, isGreaterThan right: UInt8) -> Instruction {
        Instruction(0x2d, to: left, from: right, offset: count)
    }
    static func call(_ helper: UInt32) -> Instruction { Instruction(0x85, value: helper) }
    static let exit = Instruction(0x95)
}

extension [Instruction] {
    /// An XDP program that sends each frame out of an interface.
    /// - Parameter flows: if more than one, the UDP source port is drawn from so many, evenly, from 1024 on.
    static func sender(interface: UInt32, flows: Int) -> [Instruction] {
        let randomHelper: UInt32 = 7
        let redirectHelper: UInt32 = 23
        let ports: [Instruction] = [
            .load32(6, from: 1, at: 0), .load32(2, from: 1, at: 4),
            .copy(3, 6), .add(3, 36), .skip(5, if: 3, isGreaterThan: 2),
            .call(randomHelper), .remainder(0, UInt32(flows)), .add(0, 1024), .bigEndian16(0),
            .store16(0, to: 6, at: 34),
        ]
        return (flows > 1 ? ports : []) + [.move(1, interface), .move(2, 0), .call(redirectHelper), .exit]
    }
}
