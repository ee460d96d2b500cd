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

    /// The program with all jumps resolved and dead code left out, which the verifier refuses: it comes from rules
    /// behind one that always matches, and from comparisons that cannot fail.
    /// - Returns: nil when a jump is too far for 16 bits.
    func resolved() -> (code: [BPFInstruction], maps: [MapReference])? {
        let targets = Dictionary(uniqueKeysWithValues: jumps.map { ($0.instruction, places[$0.label]!) })
        let alive = reachable(targets)
        // Where each instruction lies once the dead ones are gone.
        var position = [Int](repeating: 0, count: instructions.count + 1)
        for index in instructions.indices { position[index + 1] = position[index] + (alive[index] ? 1 : 0) }
        var code: [BPFInstruction] = []
        for (index, instruction) in instructions.enumerated() where alive[index] {
            var instruction = instruction
            if let target = targets[index] {
                guard let offset = Int16(exactly: position[target] - position[index] - 1) else { return nil }
                instruction.offset = offset
            }
            code.append(instruction)
        }
        let live = maps.filter { alive[$0.instruction] }
        return (code, live.map { MapReference(instruction: position[$0.instruction], map: $0.map) })
    }

    /// Which instructions can be reached. One pass is enough, since all jumps go forward.
    private func reachable(_ targets: [Int: Int]) -> [Bool] {
        var alive = [Bool](repeating: false, count: instructions.count + 1)
        alive[0] = true
        for (index, instruction) in instructions.enumerated() where alive[index] {
            if let target = targets[index] { alive[target] = true }
            if instruction.code != BPFInstruction.jump.code, instruction != .exit { alive[index + 1] = true }
        }
        return alive
    }
}
