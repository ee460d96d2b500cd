internal import CLibBPF
internal import Glibc

/// A map of a loaded object; see `Object.map`. bpf(2), BPF_MAP_*.
public struct Map: Sendable {
    let descriptor: Int32
    public let keySize: Int
    public let valueSize: Int
    public let entries: Int

    /// What the kernel says of a map that another process made.
    /// - Parameter descriptor: stays the caller's.
    public init(of descriptor: Int32) throws(BPFError) {
        let information = try Self.information(descriptor)
        self.init(
            descriptor: descriptor, keySize: Int(information.key_size), valueSize: Int(information.value_size),
            entries: Int(information.max_entries))
    }

    private static func information(_ descriptor: Int32) throws(BPFError) -> bpf_map_info {
        var information = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        let result = bpf_obj_get_info_by_fd(descriptor, &information, &length)
        guard result == 0 else { throw BPFError("look at a map", result) }
        return information
    }

    /// The kernel's number of the map, which no other gets; younger maps have greater ones.
    public var identifier: UInt32 { (try? Self.information(descriptor).id) ?? 0 }

    init(descriptor: Int32, keySize: Int, valueSize: Int, entries: Int) {
        (self.descriptor, self.keySize, self.valueSize, self.entries) = (descriptor, keySize, valueSize, entries)
    }

    /// Whether keys, values and their number are those of another map.
    public func hasShape(of other: Map) -> Bool {
        keySize == other.keySize && valueSize == other.valueSize && entries == other.entries
    }

    /// CPUs that the kernel can have, as per-CPU maps count them.
    public static var processors: Int { Int(max(1, libbpf_num_possible_cpus())) }

    /// Copies the value at an index; `value` has `valueSize` bytes, times `processors` in a per-CPU map.
    public func read(_ index: UInt32, into value: UnsafeMutableRawBufferPointer) throws(BPFError) {
        let result = withUnsafePointer(to: index) { bpf_map_lookup_elem(descriptor, $0, value.baseAddress) }
        guard result == 0 else { throw BPFError("read a map", result) }
    }

    /// Sets the value at an index; `value` is as in `read`.
    public func write(_ index: UInt32, _ value: UnsafeRawBufferPointer) throws(BPFError) {
        let result = withUnsafePointer(to: index) {
            bpf_map_update_elem(descriptor, $0, value.baseAddress, UInt64(BPF_ANY))
        }
        guard result == 0 else { throw BPFError("write a map", result) }
    }

    /// Puts a program into an array of programs, where it stays loaded.
    public func write(_ index: UInt32, _ program: borrowing GeneratedProgram) throws(BPFError) {
        try write(index, descriptor: program.number)
    }

    /// Likewise, a program of an object.
    public func write(_ index: UInt32, _ program: Program) throws(BPFError) {
        try write(index, descriptor: program.descriptor)
    }

    private func write(_ index: UInt32, descriptor: Int32) throws(BPFError) {
        try withUnsafeBytes(of: descriptor) { bytes throws(BPFError) in try write(index, bytes) }
    }

    /// Its descriptor, for generated instructions that refer to it, or somebody who keeps it beyond this process.
    public var reference: Int32 { descriptor }

    /// The entries of an array map that was made with BPF_F_MMAPABLE, shared with the programs for as long as this
    /// process lives.
    /// - Parameter count: of values; all are resident from the start.
    public func shared<Value>(as type: Value.Type, count: Int = 1) throws(BPFError) -> UnsafeMutablePointer<Value> {
        try SharedMemory.map(descriptor, offset: 0, count: count * MemoryLayout<Value>.stride)
            .assumingMemoryBound(to: type)
    }

    /// Calls `body` with a part of the values of an array map that was made with BPF_F_MMAPABLE, shared with the
    /// programs.
    /// - Parameters:
    ///   - offset: in bytes.
    ///   - count: of bytes.
    public func withShared(offset: Int, count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) throws(BPFError) {
        let before = offset % Int(getpagesize())
        let memory = try SharedMemory(descriptor, offset: offset - before, count: before + count)
        body(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[before...]))
        extendLifetime(memory)
    }

    /// All values of an array map that was made with BPF_F_MMAPABLE, shared with the programs.
    public func shared() throws(BPFError) -> SharedMemory {
        try SharedMemory(descriptor, offset: 0, count: entries * ((valueSize + 7) & ~7))
    }
}

/// Values of a map in memory, for as long as this lives; it keeps the map. mmap(2).
public final class SharedMemory: @unchecked Sendable {
    public let bytes: UnsafeMutableRawBufferPointer

    /// - Parameter offset: a multiple of the page size.
    fileprivate init(_ descriptor: Int32, offset: Int, count: Int) throws(BPFError) {
        bytes = UnsafeMutableRawBufferPointer(
            start: try Self.map(descriptor, offset: offset, count: count), count: count)
    }

    fileprivate static func map(_ descriptor: Int32, offset: Int, count: Int) throws(BPFError)
        -> UnsafeMutableRawPointer
    {
        guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(offset)),
            address != MAP_FAILED
        else { throw .last("map a BPF map into memory") }
        return address
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }
}
