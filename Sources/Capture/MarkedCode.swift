/// A program's instructions of which some hold marks, numbers of include/hdrlog.h that stand for what is known at run time
/// only.
struct MarkedCode {
    /// In the kernel's encoding: the operation in the lowest byte, a number in the upper half.
    private(set) var instructions: [UInt64]

    init(_ instructions: [UInt64]) { self.instructions = instructions }

    /// BPF_JMP | BPF_CALL, and BPF_PSEUDO_KFUNC_CALL as its source register.
    private static let call: UInt64 = 0x85
    private static let toKernelFunction: UInt64 = 2 << 12

    private func places(of mark: Int32) -> [Int] {
        instructions.indices.filter { instructions[$0] >> 32 == UInt64(UInt32(bitPattern: mark)) }
    }

    /// Changes the number where it is first: further ones are compared with that.
    /// - Returns: false if the mark is nowhere.
    mutating func replace(_ mark: Int32, with number: Int32) -> Bool {
        guard let place = places(of: mark).first else { return false }
        instructions[place] = instructions[place] & 0xFFFF_FFFF | UInt64(UInt32(bitPattern: number)) << 32
        return true
    }

    /// Makes a call one of a kernel's function.
    /// - Returns: false unless the mark is there once, in a call.
    mutating func call(_ function: Int32, at mark: Int32) -> Bool {
        let places = places(of: mark)
        guard places.count == 1, instructions[places[0]] & 0xFF == Self.call else { return false }
        instructions[places[0]] = Self.call | Self.toKernelFunction | UInt64(UInt32(bitPattern: function)) << 32
        return true
    }
}
