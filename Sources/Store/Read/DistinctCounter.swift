internal import Glibc

/// How many different values there were, each told by a 64-bit hash: exactly up to 1,024, then by HyperLogLog with
/// 8,192 registers, whose standard error is 1.2 %.
struct DistinctCounter {
    static let mostExact = 1024
    private static let registerBits: UInt64 = 13

    /// An open table of hashes, 0 is free; then the registers in the same memory's stead.
    private var slots: [UInt64] = []
    private var count = 0
    private var registers: [UInt8] = []

    var isApproximate: Bool { !registers.isEmpty }
    /// Bytes.
    var memory: Int { 8 * slots.count + registers.count }

    /// - Returns: by how many bytes its memory grew.
    mutating func add(_ hash: UInt64) -> Int {
        guard registers.isEmpty else {
            note(hash)
            return 0
        }
        let before = memory
        insert(hash == 0 ? 1 : hash)
        return memory - before
    }

    private mutating func insert(_ hash: UInt64) {
        if let at = place(of: hash), slots[at] == hash { return }
        if 2 * (count + 1) > slots.count { grow() }
        guard let at = place(of: hash) else { return note(hash) }
        slots[at] = hash
        count += 1
    }

    /// Where a hash is, or would be; nil without a table.
    private func place(of hash: UInt64) -> Int? {
        guard !slots.isEmpty else { return nil }
        var at = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[at] != 0, slots[at] != hash { at = (at + 1) & (slots.count - 1) }
        return at
    }

    private mutating func grow() {
        let old = slots.filter { $0 != 0 }
        guard count < Self.mostExact else {
            registers = [UInt8](repeating: 0, count: 1 << Self.registerBits)
            slots = []
            for hash in old { note(hash) }
            return
        }
        slots = [UInt64](repeating: 0, count: max(8, 2 * slots.count))
        count = 0
        for hash in old { insert(hash) }
    }

    private mutating func note(_ hash: UInt64) {
        let index = Int(truncatingIfNeeded: hash >> (64 - Self.registerBits))
        let rank = UInt8(min((hash << Self.registerBits).leadingZeroBitCount, 63 - Int(Self.registerBits)) + 1)
        registers[index] = max(registers[index], rank)
    }

    var value: UInt64 {
        guard isApproximate else { return UInt64(count) }
        let size = Double(registers.count)
        let sum = registers.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64($1)) }
        let raw = 0.7213 / (1 + 1.079 / size) * size * size / sum
        let free = registers.count { $0 == 0 }
        let estimate = raw <= 2.5 * size && free > 0 ? size * log(size / Double(free)) : raw
        return UInt64(estimate.rounded())
    }
}
