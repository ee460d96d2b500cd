internal import CLibBPF
internal import Glibc

/// What the running kernel says of its own functions and structs: its BTF. Some megabytes, which are read anew each time.
///
/// btf__load_vmlinux_btf
public struct KernelTypes: ~Copyable {
    private let types: OpaquePointer

    /// - Throws: `BPFError` when the kernel does not say.
    public init() throws(BPFError) {
        guard let types = btf__load_vmlinux_btf() else { throw .last("read the kernel's BTF") }
        self.types = types
    }

    deinit { btf__free(types) }

    /// The number by which programs call one of the kernel's functions.
    /// - Throws: `BPFError` when this kernel has none of the name.
    public func function(_ name: String) throws(BPFError) -> Int32 {
        let number = hdrlog_find_function(types, name)
        guard number > 0 else { throw BPFError("find \(name) in the kernel", number) }
        return number
    }

    /// Where a number in one of the kernel's structs is, in bytes; see `Structure.fields`.
    /// - Throws: `BPFError` when this kernel has no such field.
    public func offset(of field: String, in structure: String) throws(BPFError) -> Int32 {
        guard let found = Structure.read([structure], in: types)[structure]?.fields[field] else {
            throw BPFError("find \(structure).\(field) in the kernel", -ENOENT)
        }
        return Int32(found.offset)
    }
}
