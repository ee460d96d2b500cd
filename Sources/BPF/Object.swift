internal import CLibBPF
internal import Glibc

/// A BPF object: its programs and maps, in the kernel as long as this lives (links keep programs longer).
///
/// bpf_object__open_mem, bpf_object__load.
public struct Object: ~Copyable {
    private let handle: OpaquePointer
    /// What the verifier says when it refuses a program.
    private let verdict: UnsafeMutableBufferPointer<CChar>

    /// Opens an ELF object without loading it, so that sizes can be set.
    /// - Throws: `BPFError` when the bytes are no BPF object.
    public init(opening bytes: [UInt8]) throws(BPFError) {
        libbpf_set_print(nil)  // what fails is thrown; libbpf's own lines would go to stderr
        verdict = .allocate(capacity: 1 << 20)
        verdict.initialize(repeating: 0)
        let opened = bytes.withUnsafeBytes { [verdict] in
            hdrlog_object_open($0.baseAddress, $0.count, verdict.baseAddress, verdict.count)
        }
        guard let handle = opened else {
            let error = BPFError.last("open the BPF object")
            verdict.deallocate()
            throw error
        }
        self.handle = handle
    }

    deinit {
        bpf_object__close(handle)
        verdict.deallocate()
    }

    /// Sets how many entries a map has. Before `load`.
    public func setEntries(of map: String, to count: Int) throws(BPFError) {
        let result = bpf_map__set_max_entries(try find(map), UInt32(count))
        guard result == 0 else { throw BPFError("size map \(map)", result) }
    }

    /// Uses a map that exists already instead of a new one. Before `load`.
    /// - Parameter descriptor: stays the caller's.
    public func reuse(_ descriptor: Int32, as map: String) throws(BPFError) {
        let result = bpf_map__reuse_fd(try find(map), descriptor)
        guard result == 0 else { throw BPFError("reuse map \(map)", result) }
    }

    /// Sets the constants (`const volatile` variables), which must all be `UInt32`, in the order of their definition.
    public func setConstants(_ values: [UInt32]) throws(BPFError) {
        let map = try find(".rodata")
        let result = values.withUnsafeBytes { bpf_map__set_initial_value(map, $0.baseAddress, $0.count) }
        guard result == 0 else { throw BPFError("set the programs' constants", result) }
    }

    /// Creates the maps and has the kernel verify the programs.
    /// - Throws: `BPFError`: EPERM without CAP_BPF, EACCES or EINVAL when the verifier refuses.
    public func load() throws(BPFError) {
        let result = bpf_object__load(handle)
        guard result == 0 else { throw BPFError("load the programs", result, detail: reason) }
    }

    /// The end of what the verifier said: the reason stands there.
    private var reason: String {
        String(cString: verdict.baseAddress!).split(separator: "\n").suffix(12).joined(separator: "\n")
    }

    /// A map, or the variables of the section `.data.NAME`; valid as long as the object.
    public func map(_ name: String) throws(BPFError) -> Map {
        let map = try find(name)
        return Map(
            descriptor: bpf_map__fd(map), keySize: Int(bpf_map__key_size(map)),
            valueSize: Int(bpf_map__value_size(map)),
            entries: Int(bpf_map__max_entries(map)))
    }

    /// Structures and unions by name, as this object's programs and maps have them.
    public func structures(_ names: some Sequence<String>) -> [String: Structure] {
        guard let types = bpf_object__btf(handle) else { return [:] }
        return Structure.read(names, in: types)
    }

    /// Descriptor of the object's types in the kernel, for somebody who keeps it beyond this process; see `Structure`.
    /// After `load`; nil when the kernel has not taken them.
    public var types: Int32? {
        let descriptor = bpf_object__btf_fd(handle)
        return descriptor >= 0 ? descriptor : nil
    }

    /// A program, valid as long as the object.
    public func program(_ name: String) throws(BPFError) -> Program {
        Program(descriptor: bpf_program__fd(try find(program: name)), name: name)
    }

    /// A program's instructions in the kernel's encoding; once it is loaded, with map descriptors.
    public func instructions(of name: String) throws(BPFError) -> [UInt64] {
        let program = try find(program: name)
        let size = 8 * bpf_program__insn_cnt(program)
        let bytes = UnsafeRawBufferPointer(start: bpf_program__insns(program), count: size)
        return bytes.withMemoryRebound(to: UInt64.self) { Array($0) }
    }

    /// Puts others in the place of a program's instructions. Before `load`.
    /// - Parameter code: as many, and with everything left as it is that refers to maps.
    public func setInstructions(of name: String, to code: [UInt64]) throws(BPFError) {
        let program = try find(program: name)
        let result = code.withUnsafeBytes {
            // libbpf copies them, whatever the type says.
            let first = UnsafeMutablePointer(mutating: $0.baseAddress!.assumingMemoryBound(to: bpf_insn.self))
            return bpf_program__set_insns(program, first, code.count)
        }
        guard result == 0 else { throw BPFError("change program \(name)", result) }
    }

    private func find(program name: String) throws(BPFError) -> OpaquePointer {
        guard let program = bpf_object__find_program_by_name(handle, name) else {
            throw BPFError("find program \(name)", ENOENT)
        }
        return program
    }

    private func find(_ map: String) throws(BPFError) -> OpaquePointer {
        var found: OpaquePointer?
        while let next = bpf_object__next_map(handle, found) {
            let name = String(cString: bpf_map__name(next))
            if name == map || name == ".data.\(map)" || (map.hasPrefix(".") && name.hasSuffix(map)) { return next }
            found = next
        }
        throw BPFError("find map \(map)", ENOENT)
    }
}

/// A loaded program; see `Object.program`.
public struct Program: Sendable {
    let descriptor: Int32
    public let name: String
}
