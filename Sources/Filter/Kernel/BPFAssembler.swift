/// Collects instructions with symbolic jump targets. All jumps go forward.
struct BPFAssembler {
    struct Label: Hashable, Sendable {
        fileprivate var number: Int
    }

    /// A place that the descriptor of a map has to be written to.
    struct MapReference: Equatable, Sendable {
        var instruction: Int
        var map: RuleProgram.Map
    }

    private(set) var instructions: [BPFInstruction] = []
    private(set) var maps: [MapReference] = []
    private var labels = 0
    private var places: [Label: Int] = [:]
    private var jumps: [(instruction: Int, label: Label)] = []

    mutating func label() -> Label {
        labels += 1
        return Label(number: labels)
    }

    /// Sets a label to the next instruction.
    mutating func place(_ label: Label) {
        // "goto next" is nothing: drop it.
        while let last = jumps.last, last.label == label, last.instruction == instructions.count - 1,
            instructions[last.instruction] == .jump, !places.values.contains(instructions.count)
        {
            instructions.removeLast()
            jumps.removeLast()
        }
        places[label] = instructions.count
    }

    mutating func emit(_ instruction: BPFInstruction) { instructions.append(instruction) }

    mutating func emit(_ sequence: [BPFInstruction]) { instructions += sequence }

    mutating func emit(map: RuleProgram.Map, in register: UInt8) {
        maps.append(MapReference(instruction: instructions.count, map: map))
        emit(BPFInstruction.map(register))
    }

    /// Emits a jump (conditional or not) to a label that is placed later.
    mutating func emit(_ instruction: BPFInstruction, to label: Label) {
        jumps.append((instructions.count, label))
        instructions.append(instruction)
    }

    mutating func jump(to label: Label) { emit(.jump, to: label) }

    /// The program with all jumps resolved; nil when one is too far for 16 bits.
    func resolved() -> [BPFInstruction]? {
        var program = instructions
        for (instruction, label) in jumps {
            guard let offset = Int16(exactly: places[label]! - instruction - 1) else { return nil }
            program[instruction].offset = offset
        }
        return program
    }
}
