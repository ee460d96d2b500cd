/// One 64-bit BPF instruction, and the few operations that generated code needs.
///
/// Encoding: Linux' Documentation/bpf/standardization/instruction-set.rst.
struct BPFInstruction: Equatable, Sendable {
    var code: UInt8
    var destination: UInt8 = 0
    var source: UInt8 = 0
    var offset: Int16 = 0
    var immediate: Int32 = 0

    enum Size: UInt8 {
        case byte = 0x10
        case half = 0x08
        case word = 0x00
        case double = 0x18
    }

    enum Condition: UInt8 {
        case equal = 0x10
        case greater = 0x20
        case set = 0x40
        case notEqual = 0x50
        case less = 0xA0
    }

    /// The instruction as the kernel reads it (little-endian hosts).
    var encoded: UInt64 {
        UInt64(code) | UInt64(destination | source << 4) << 8 | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: immediate)) << 32
    }

    static func load(_ size: Size, _ register: UInt8, from base: UInt8, _ offset: Int) -> BPFInstruction {
        BPFInstruction(code: 0x61 | size.rawValue, destination: register, source: base, offset: Int16(offset))
    }

    static func store(_ size: Size, _ value: Int32, to base: UInt8, _ offset: Int) -> BPFInstruction {
        BPFInstruction(code: 0x62 | size.rawValue, destination: base, offset: Int16(offset), immediate: value)
    }

    static func move(_ register: UInt8, from source: UInt8) -> BPFInstruction {
        BPFInstruction(code: 0xBF, destination: register, source: source)
    }

    static func move(_ register: UInt8, _ value: Int32) -> BPFInstruction {
        BPFInstruction(code: 0xB7, destination: register, immediate: value)
    }

    static func add(_ register: UInt8, _ value: Int32) -> BPFInstruction {
        BPFInstruction(code: 0x07, destination: register, immediate: value)
    }

    /// 32-bit, upper half zeroed.
    static func and32(_ register: UInt8, _ mask: UInt32) -> BPFInstruction {
        BPFInstruction(code: 0x54, destination: register, immediate: Int32(bitPattern: mask))
    }

    static func and64(_ register: UInt8, with source: UInt8) -> BPFInstruction {
        BPFInstruction(code: 0x5F, destination: register, source: source)
    }

    static func shiftRight32(_ register: UInt8, by bits: Int32) -> BPFInstruction {
        BPFInstruction(code: 0x74, destination: register, immediate: bits)
    }

    static func subtract32(_ register: UInt8, _ value: Int32) -> BPFInstruction {
        BPFInstruction(code: 0x14, destination: register, immediate: value)
    }

    /// Unsigned 32-bit comparison with a constant.
    static func jump32(_ condition: Condition, _ register: UInt8, _ value: UInt32) -> BPFInstruction {
        BPFInstruction(code: 0x06 | condition.rawValue, destination: register, immediate: Int32(bitPattern: value))
    }

    static func jump64(_ condition: Condition, _ register: UInt8, _ other: UInt8) -> BPFInstruction {
        BPFInstruction(code: 0x0D | condition.rawValue, destination: register, source: other)
    }

    static let jump = BPFInstruction(code: 0x05)
    static let exit = BPFInstruction(code: 0x95)

    static func call(_ helper: Int32) -> BPFInstruction { BPFInstruction(code: 0x85, immediate: helper) }

    /// A 64-bit constant; two instructions.
    static func constant64(_ register: UInt8, _ value: UInt64) -> [BPFInstruction] {
        [
            BPFInstruction(code: 0x18, destination: register, immediate: Int32(truncatingIfNeeded: value)),
            BPFInstruction(code: 0, immediate: Int32(truncatingIfNeeded: value >> 32)),
        ]
    }

    /// A map, whose descriptor is put in at load; two instructions.
    static func map(_ register: UInt8) -> [BPFInstruction] {
        [BPFInstruction(code: 0x18, destination: register, source: 1), BPFInstruction(code: 0)]
    }
}
