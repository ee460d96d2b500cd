internal import CLibBPF
internal import Glibc

/// A BPF hash map of our own making, to stand in an array of maps. Entries take memory only while they exist.
public struct HashTable: ~Copyable, Sendable {
    private let descriptor: Descriptor
    private let keySize: Int
    private let valueSize: Int

    /// - Parameter entries: how many at the most; buckets for all of them take 16 bytes each at once.
    public init(keySize: Int, valueSize: Int, entries: Int) throws(BPFError) {
        let made = hdrlog_hash_create("flows", UInt32(keySize), UInt32(valueSize), UInt32(entries))
        guard made >= 0 else { throw BPFError("make a hash map of \(entries) entries", made) }
        descriptor = Descriptor(made)
        (self.keySize, self.valueSize) = (keySize, valueSize)
    }

    var number: Int32 { descriptor.number }

    /// Takes all entries out, a batch at a time. Nothing may be inserted meanwhile.
    /// - Parameters:
    ///   - keys, values: room for a batch of the same number of entries, 512 or more.
    ///   - body: gets a batch's keys and values, one behind the other, and how many there are.
    public func takeAll(
        keys: UnsafeMutableRawBufferPointer, values: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawPointer, UnsafeRawPointer, Int) -> Void
    ) throws(BPFError) {
        var position: UInt32 = 0
        var isFirst = true
        while true {
            var count = UInt32(min(keys.count / keySize, values.count / valueSize))
            let result = withUnsafeMutablePointer(to: &position) { position in
                bpf_map_lookup_and_delete_batch(
                    descriptor.number, isFirst ? nil : position, position, keys.baseAddress, values.baseAddress, &count,
                    nil)
            }
            let isLast = result == -ENOENT
            guard result == 0 || isLast else { throw BPFError("take the entries of a hash map", result) }
            if count > 0 { body(keys.baseAddress!, values.baseAddress!, Int(count)) }
            if isLast { return }
            isFirst = false
        }
    }
}
