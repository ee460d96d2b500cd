internal import CLibBPF
internal import Glibc

/// A map that generated programs find the program in that they tail-call; for an object's own ones see `Object.map`.
public struct ProgramArray: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// - Parameter program: stands at index 0.
    public init(_ program: Program) throws(BPFError) { try self.init(program.descriptor) }

    public init(_ program: borrowing GeneratedProgram) throws(BPFError) { try self.init(program.number) }

    private init(_ program: Int32) throws(BPFError) {
        descriptor = Descriptor(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "programs", 4, 4, 1, nil))
        guard descriptor.number >= 0 else { throw BPFError("make a program array", descriptor.number) }
        var (index, program) = (UInt32(0), program)
        let result = bpf_map_update_elem(descriptor.number, &index, &program, UInt64(BPF_ANY))
        guard result == 0 else { throw BPFError("enter a program", result) }
    }

    /// Its descriptor, for generated instructions that refer to it.
    public var reference: Int32 { descriptor.number }
}
