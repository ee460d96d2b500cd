import CHdrlog

/// Just enough of a BPF machine to run generated rules without a kernel, and strict: jumps go forward, registers are
/// set before they are read, memory is the stack and the facts, and every instruction has to be known.
struct BPFInterpreter {
    enum Failure: Error, Equatable {
        case unknownInstruction(UInt8, at: Int)
        case backwardJump(at: Int)
        case unsetRegister(Int, at: Int)
        case outOfBounds(at: Int)
        case ranOff
    }

    /// Values that stand for pointers; small numbers never reach them.
    private static let stack: UInt64 = 1 << 40
    private static let factsBase: UInt64 = 2 << 40

    let program: [UInt64]
    private var registers: [UInt64?] = Array(repeating: nil, count: 11)
    private var stackBytes = [UInt8](repeating: 0, count: 512)
    private(set) var facts: hdrlog_facts
    /// The index that the program tail-called, nil if it just ended.
    private(set) var tailCall: UInt64?
    private(set) var steps = 0

    static func run(_ program: [UInt64], on facts: hdrlog_facts) throws -> BPFInterpreter {
        var machine = BPFInterpreter(program: program, facts: facts)
        machine.registers[1] = 3 << 40
        machine.registers[10] = stack + 512
        try machine.execute()
        return machine
    }

    private init(program: [UInt64], facts: hdrlog_facts) {
        self.program = program
        self.facts = facts
    }

    private func get(_ register: Int, _ at: Int) throws -> UInt64 {
        guard let value = registers[register] else { throw Failure.unsetRegister(register, at: at) }
        return value
    }

    private mutating func execute() throws {
        var at = 0
        while at < program.count {
            steps += 1
            let word = program[at]
            let code = UInt8(truncatingIfNeeded: word)
            let (left, right) = (Int(word >> 8 & 0xF), Int(word >> 12 & 0xF))
            let offset = Int(Int16(truncatingIfNeeded: word >> 16))
            let immediate = Int32(truncatingIfNeeded: word >> 32)
            switch code {
            case 0x95: return
            case 0x85:
                if try call(immediate, at) { return }
            case 0x18:
                let low = UInt64(UInt32(bitPattern: immediate))
                registers[left] = low | program[at + 1] & 0xFFFF_FFFF_0000_0000
                at += 1
            case 0x61, 0x69, 0x71, 0x79:
                registers[left] = try load(
                    Self.width(code), try get(right, at) &+ UInt64(bitPattern: Int64(offset)), at)
            case 0x62, 0x6A, 0x72:
                let address = try get(left, at) &+ UInt64(bitPattern: Int64(offset))
                try store(Self.width(code), address, UInt64(UInt32(bitPattern: immediate)), at)
            case 0x05,
                0x06...0xFF where code & 7 == 5 || code & 7 == 6:
                if try taken(code, left, right, immediate, at) {
                    guard offset >= 0 else { throw Failure.backwardJump(at: at) }
                    at += offset
                }
            default: registers[left] = try arithmetic(code, left, right, immediate, at)
            }
            at += 1
        }
        throw Failure.ranOff
    }

    private static func width(_ code: UInt8) -> Int {
        switch code & 0x18 {
        case 0x00: 4
        case 0x08: 2
        case 0x10: 1
        default: 8
        }
    }

    private func arithmetic(_ code: UInt8, _ left: Int, _ right: Int, _ immediate: Int32, _ at: Int) throws -> UInt64 {
        let extended = UInt64(bitPattern: Int64(immediate))
        let low = UInt32(bitPattern: immediate)
        switch code {
        case 0xBF: return try get(right, at)
        case 0xB7: return extended
        case 0x07: return try get(left, at) &+ extended
        case 0x54: return UInt64(UInt32(truncatingIfNeeded: try get(left, at)) & low)
        case 0x5F: return try get(left, at) & get(right, at)
        case 0x74: return UInt64(UInt32(truncatingIfNeeded: try get(left, at)) >> low)
        case 0x14: return UInt64(UInt32(truncatingIfNeeded: try get(left, at)) &- low)
        default: throw Failure.unknownInstruction(code, at: at)
        }
    }

    private func taken(_ code: UInt8, _ left: Int, _ right: Int, _ immediate: Int32, _ at: Int) throws -> Bool {
        if code == 0x05 { return true }
        let value = try get(left, at)
        let other = code & 8 != 0 ? try get(right, at) : UInt64(bitPattern: Int64(immediate))
        let is32 = code & 7 == 6
        let (a, b) = is32 ? (value & 0xFFFF_FFFF, other & 0xFFFF_FFFF) : (value, other)
        switch code & 0xF0 {
        case 0x10: return a == b
        case 0x20: return a > b
        case 0x40: return a & b != 0
        case 0x50: return a != b
        case 0xA0: return a < b
        default: throw Failure.unknownInstruction(code, at: at)
        }
    }

    /// - Returns: true when the program ends with the call.
    private mutating func call(_ helper: Int32, _ at: Int) throws -> Bool {
        switch helper {
        case 1:
            let key = try load(4, try get(2, at), at)
            registers[0] = key == 0 && registers[1] == 100 ? Self.factsBase : 0
            for register in 1...5 { registers[register] = nil }
            return false
        case 12:
            guard registers[1] == 3 << 40, registers[2] == 200 else { throw Failure.outOfBounds(at: at) }
            tailCall = try get(3, at)
            return true
        default: throw Failure.unknownInstruction(0x85, at: at)
        }
    }

    private func load(_ width: Int, _ address: UInt64, _ at: Int) throws -> UInt64 {
        try withUnsafeBytes(of: facts) { facts in
            try stackBytes.withUnsafeBytes { stack in
                let isStack = address < Self.factsBase
                let memory = isStack ? stack : facts
                let offset = Int(bitPattern: UInt(address &- (isStack ? Self.stack : Self.factsBase)))
                guard offset >= 0, offset + width <= memory.count, offset % width == 0 else {
                    throw Failure.outOfBounds(at: at)
                }
                return (0..<width).reduce(0) { $0 | UInt64(memory[offset + $1]) << UInt64(8 * $1) }
            }
        }
    }

    private mutating func store(_ width: Int, _ address: UInt64, _ value: UInt64, _ at: Int) throws {
        let isStack = address < Self.factsBase
        let offset = Int(bitPattern: UInt(address &- (isStack ? Self.stack : Self.factsBase)))
        let limit = isStack ? 512 : MemoryLayout<hdrlog_facts>.size
        guard offset >= 0, offset + width <= limit, offset % width == 0 else { throw Failure.outOfBounds(at: at) }
        for index in 0..<width {
            let byte = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            if isStack {
                stackBytes[offset + index] = byte
            } else {
                withUnsafeMutableBytes(of: &facts) { $0[offset + index] = byte }
            }
        }
    }
}
