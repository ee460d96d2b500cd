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
    static func and(_ to: UInt8, _ value: UInt32) -> Instruction { Instruction(0x57, to: to, value: value) }
    static func and(_ to: UInt8, with other: UInt8) -> Instruction { Instruction(0x5f, to: to, from: other) }
    static func or(_ to: UInt8, with other: UInt8) -> Instruction { Instruction(0x4f, to: to, from: other) }
    static func shiftLeft(_ to: UInt8, by other: UInt8) -> Instruction { Instruction(0x6f, to: to, from: other) }
    static func shiftRight(_ to: UInt8, _ value: UInt32) -> Instruction { Instruction(0x77, to: to, value: value) }
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
    static func sender(interface: UInt32, flows: Flows) -> [Instruction] {
        let redirectHelper: UInt32 = 23
        let source = flows.sourcePort
        let rewrite: [Instruction] =
            source.isEmpty
            ? []
            : [
                .load32(6, from: 1, at: 0), .load32(2, from: 1, at: 4), .copy(3, 6), .add(3, 36),
                .skip(Int16(source.count + 2), if: 3, isGreaterThan: 2),
            ] + source + [.bigEndian16(0), .store16(0, to: 6, at: 34)]
        return rewrite + [.move(1, interface), .move(2, 0), .call(redirectHelper), .exit]
    }
}

/// Over which flows frames are spread: they differ in UDP source port.
enum Flows {
    /// The frame stays as it is.
    case one
    /// So many ports from 1024 on, at random and evenly.
    case even(Int)
    /// Ports 1 to 65,535 at random, log-uniformly: each power of two as often as the next, as real traffic has few
    /// large flows and many small ones.
    case skewed

    /// Leaves the port in register 0; may use 0 to 5. Empty: no port is drawn.
    fileprivate var sourcePort: [Instruction] {
        let randomHelper: UInt32 = 7
        switch self {
        case .one: return []
        case .even(let count): return [.call(randomHelper), .remainder(0, UInt32(count)), .add(0, 1024)]
        case .skewed:
            return [
                .call(randomHelper), .copy(1, 0), .and(1, 15), .move(2, 1), .shiftLeft(2, by: 1), .copy(3, 2),
                .add(3, UInt32.max), .shiftRight(0, 4), .and(0, with: 3), .or(0, with: 2),
            ]
        }
    }
}
