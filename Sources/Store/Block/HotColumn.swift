/// A column of numbers: one for all, a few different ones by number, or as they are.
///
///     mode u8: 0 constant (u32), 1 packed, 2 dictionary (count u8 - 1, values u32) and packed numbers
enum HotColumn {
    static func append(_ values: UnsafeMutablePointer<UInt32>, _ count: Int, to buffer: ByteBuffer) {
        let first = count > 0 ? values[0] : 0
        if !(0..<count).contains(where: { values[$0] != first }) {
            buffer.append(UInt8(0))
            return buffer.append(first)
        }
        if appendByDictionary(values, count, to: buffer) { return }
        buffer.append(UInt8(1))
        PackedColumn.encode(values, count, to: buffer)
    }

    private static let slots = 1024
    private static let mostDistinct = 64

    /// Worth it where there are few distinct values and they are large: IMIX lengths, TCP flags.
    /// - Returns: false when there are too many; nothing is written then and the values are as before.
    private static func appendByDictionary(
        _ values: UnsafeMutablePointer<UInt32>, _ count: Int, to buffer: ByteBuffer
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * slots + mostDistinct) { memory in
            let (keys, numbers) = (memory.baseAddress!, memory.baseAddress! + slots)
            let distinct = memory.baseAddress! + 2 * slots
            numbers.initialize(repeating: 0, count: slots)
            var found = 0
            var greatest: UInt32 = 0
            for index in 0..<count {
                let value = values[index]
                greatest = max(greatest, value)
                var slot = Int((value &* 0x9E37_79B1) >> 22)
                while numbers[slot] != 0, keys[slot] != value { slot = (slot + 1) & (slots - 1) }
                guard numbers[slot] == 0 else { continue }
                guard found < mostDistinct else { return false }
                distinct[found] = value
                found += 1
                keys[slot] = value
                numbers[slot] = UInt32(found)
            }
            guard 32 - UInt32(found).leadingZeroBitCount < 32 - greatest.leadingZeroBitCount else { return false }
            buffer.append(UInt8(2))
            buffer.append(UInt8(found - 1))
            for index in 0..<found { buffer.append(distinct[index]) }
            for index in 0..<count {
                var slot = Int((values[index] &* 0x9E37_79B1) >> 22)
                while keys[slot] != values[index] || numbers[slot] == 0 { slot = (slot + 1) & (slots - 1) }
                values[index] = numbers[slot] - 1
            }
            PackedColumn.encode(values, count, to: buffer)
            return true
        }
    }

    static func decode(_ cursor: inout ByteCursor, _ count: Int, to values: UnsafeMutablePointer<UInt32>) -> Bool {
        switch try? cursor.take(UInt8.self) {
        case 0:
            guard let value = try? cursor.take(UInt32.self) else { return false }
            values.update(repeating: value, count: count)
            return true
        case 1: return PackedColumn.decode(&cursor, count, to: values)
        case 2: return decodeByDictionary(&cursor, count, to: values)
        default: return false
        }
    }

    private static func decodeByDictionary(
        _ cursor: inout ByteCursor, _ count: Int, to values: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        guard let last = try? cursor.take(UInt8.self), Int(last) < mostDistinct else { return false }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: mostDistinct) { distinct in
            distinct.initialize(repeating: 0)
            for index in 0...Int(last) {
                guard let value = try? cursor.take(UInt32.self) else { return false }
                distinct[index] = value
            }
            guard PackedColumn.decode(&cursor, count, to: values) else { return false }
            for index in 0..<count { values[index] = distinct[Int(values[index] & UInt32(mostDistinct - 1))] }
            return true
        }
    }
}

/// A column that hardly ever has more than one value.
struct NotedColumn: ~Copyable {
    private let values: UnsafeMutablePointer<UInt32>?
    private let constant: UInt32

    init(_ cursor: inout ByteCursor, _ count: Int) throws(ByteCursor.Exhausted) {
        var ahead = cursor
        if try ahead.take(UInt8.self) == 0 {
            (values, constant) = (nil, try ahead.take())
            cursor = ahead
            return
        }
        let all = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        guard HotColumn.decode(&cursor, count, to: all) else {
            all.deallocate()
            throw ByteCursor.Exhausted()
        }
        (values, constant) = (all, 0)
    }

    deinit { values?.deallocate() }

    @inline(__always)
    subscript(index: Int) -> UInt32 { values?[index] ?? constant }
}
