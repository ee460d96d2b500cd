internal import CLibBPF
internal import Glibc

/// What a C structure of a BPF object looks like in memory, as the object's BTF tells.
///
/// The compiler writes BTF beside the code, and the kernel keeps it as long as somebody holds its descriptor: so another
/// process, of another version, can read what lies in the maps. BPF Type Format, Documentation/bpf/btf.rst.
public struct Structure: Equatable, Sendable {
    /// A number, or an array of numbers.
    public struct Field: Equatable, Sendable {
        /// From the begin of the structure, in bytes.
        public var offset: Int
        /// Bytes of one number.
        public var size: Int
        /// Numbers in the array; 1 for what is none.
        public var count: Int
    }

    /// In bytes, padding included.
    public let size: Int
    /// By name; of structures within this one, and of arrays of them, by the way there: "counts.protocols[17].frames".
    public let fields: [String: Field]

    /// Structures and unions by name; those that the types do not have are left out.
    /// - Parameter descriptor: of BTF in the kernel; stays the caller's.
    public static func read(_ names: some Sequence<String>, of descriptor: Int32) throws(BPFError) -> [String: Self] {
        let bytes = try contents(of: descriptor)
        guard let types = bytes.withUnsafeBytes({ btf__new($0.baseAddress, UInt32($0.count)) }) else {
            throw .last("read the types of BPF maps")
        }
        defer { btf__free(types) }
        return read(names, in: types)
    }

    static func read(_ names: some Sequence<String>, in types: OpaquePointer) -> [String: Self] {
        names.reduce(into: [:]) { $0[$1] = Structure($1, in: types) }
    }

    init(size: Int, fields: [String: Field]) { (self.size, self.fields) = (size, fields) }

    private init?(_ name: String, in types: OpaquePointer) {
        let identifier = [BTF_KIND_STRUCT, BTF_KIND_UNION].lazy
            .map { btf__find_by_name_kind(types, name, UInt32($0)) }
            .first { $0 > 0 }
        guard let identifier else { return nil }
        let size = btf__resolve_size(types, UInt32(identifier))
        guard size > 0 else { return nil }
        self.size = Int(size)
        var fields: [String: Field] = [:]
        Self.walk(types, UInt32(identifier), "", 0) { fields[$0] = $1 }
        self.fields = fields
    }

    /// Bit fields and pointers are passed over.
    private static func walk(
        _ types: OpaquePointer, _ identifier: UInt32, _ path: String, _ offset: Int, _ found: (String, Field) -> Void
    ) {
        guard let type = resolve(types, identifier) else { return }
        if isNumber(type) {
            found(path, Field(offset: offset, size: Int(type.pointee.size), count: 1))
        } else if btf_is_composite(type) {
            for place in 0..<UInt32(btf_vlen(type)) where btf_member_bitfield_size(type, place) == 0 {
                let member = btf_members(type)[Int(place)]
                let name = String(cString: btf__name_by_offset(types, member.name_off))
                let way = path.isEmpty || name.isEmpty ? path + name : "\(path).\(name)"
                walk(types, member.type, way, offset + Int(btf_member_bit_offset(type, place)) / 8, found)
            }
        } else if btf_is_array(type) {
            walk(types, array: btf_array(type).pointee, path, offset, found)
        }
    }

    /// Numbers stay together, structures have places.
    private static func walk(
        _ types: OpaquePointer, array: btf_array, _ path: String, _ offset: Int, _ found: (String, Field) -> Void
    ) {
        let stride = Int(max(0, btf__resolve_size(types, array.type)))
        if resolve(types, array.type).map(isNumber) == true {
            found(path, Field(offset: offset, size: stride, count: Int(array.nelems)))
        } else {
            for place in 0..<Int(array.nelems) {
                walk(types, array.type, "\(path)[\(place)]", offset + place * stride, found)
            }
        }
    }

    private static func isNumber(_ type: UnsafePointer<btf_type>) -> Bool { btf_is_int(type) || btf_is_any_enum(type) }

    /// The type behind typedefs, const and volatile.
    private static func resolve(_ types: OpaquePointer, _ identifier: UInt32) -> UnsafePointer<btf_type>? {
        btf__type_by_id(types, UInt32(max(0, btf__resolve_type(types, identifier))))
    }

    /// bpf(2), BPF_OBJ_GET_INFO_BY_FD: needs no privilege but the descriptor.
    private static func contents(of descriptor: Int32) throws(BPFError) -> [UInt8] {
        var information = bpf_btf_info()
        var length = UInt32(MemoryLayout<bpf_btf_info>.size)
        // The first call tells how much there is.
        var result = bpf_obj_get_info_by_fd(descriptor, &information, &length)
        var bytes = [UInt8](repeating: 0, count: Int(information.btf_size))
        if result == 0 {
            result = bytes.withUnsafeMutableBytes { bytes in
                information.btf = UInt64(UInt(bitPattern: bytes.baseAddress))
                return bpf_obj_get_info_by_fd(descriptor, &information, &length)
            }
        }
        guard result == 0 else { throw BPFError("look at the types of BPF maps", result) }
        return bytes
    }
}
