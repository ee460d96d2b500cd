/// Numbers in as few bits as most of each stretch of 128 of them need: what queries read most, so neither zstd nor any
/// dependence between values stands in the way.
///
///     stretch   width u8, exceptions u8, base u32, then (value - base) in `width` bits each, least significant first;
///               of each exception its place in the stretch, u8; then of each what goes beyond the width, u32
enum PackedColumn {
    static let stretch = 128
    /// Bytes of an exception.
    private static let exceptionSize = 5

    static func encode(_ values: UnsafePointer<UInt32>, _ count: Int, to buffer: ByteBuffer) {
        var start = 0
        while start < count {
            let length = min(stretch, count - start)
            encodeStretch(values + start, length, to: buffer)
            start += length
        }
    }

    private static func encodeStretch(_ values: UnsafePointer<UInt32>, _ count: Int, to buffer: ByteBuffer) {
        var least = values[0]
        for index in 1..<max(count, 1) { least = min(least, values[index]) }
        let (width, exceptions) = bestWidth(values, count, least)
        buffer.reserve(6 + count * 4 + 8 + exceptions * exceptionSize)
        buffer.append(UInt8(width))
        buffer.append(UInt8(exceptions))
        buffer.append(least)
        let mask = UInt64(1) << UInt64(width) &- 1
        var (bits, filled): (UInt64, Int) = (0, 0)
        var out = buffer.base + buffer.count
        for index in 0..<count {
            bits |= (UInt64(values[index] &- least) & mask) << UInt64(truncatingIfNeeded: filled)
            filled &+= width
            if filled >= 32 {
                out.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
                out += 4
                bits >>= 32
                filled &-= 32
            }
        }
        out.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        buffer.count += (count * width + 7) / 8
        guard exceptions > 0 else { return }
        for index in 0..<count where UInt64(values[index] &- least) > mask { buffer.append(UInt8(index)) }
        for index in 0..<count where UInt64(values[index] &- least) > mask {
            buffer.append((values[index] &- least) >> UInt32(width))
        }
    }

    /// The width that takes the fewest bytes, and how many values go beyond it.
    private static func bestWidth(
        _ values: UnsafePointer<UInt32>, _ count: Int, _ least: UInt32
    ) -> (width: Int, exceptions: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 33) { counts in
            counts.initialize(repeating: 0)
            var all: UInt32 = 0
            for index in 0..<count {
                let value = values[index] &- least
                all |= value
                counts[32 &- value.leadingZeroBitCount] &+= 1
            }
            let greatest = 32 - all.leadingZeroBitCount
            var best = (width: greatest, exceptions: 0)
            var (bestSize, beyond) = (count * greatest, 0)
            var width = greatest
            while width > 0 {
                beyond += Int(counts[width])
                width -= 1
                let size = count * width + beyond * exceptionSize * 8
                if size < bestSize { (best, bestSize) = ((width, beyond), size) }
            }
            return best
        }
    }

    /// - Returns: false when the bytes end too early or a number is impossible.
    static func decode(_ cursor: inout ByteCursor, _ count: Int, to values: UnsafeMutablePointer<UInt32>) -> Bool {
        var start = 0
        while start < count {
            let length = min(stretch, count - start)
            guard let width = try? cursor.take(UInt8.self), width <= 32,
                let exceptions = try? cursor.take(UInt8.self), let base = try? cursor.take(UInt32.self),
                let bytes = try? cursor.take(bytes: (length * Int(width) + 7) / 8)
            else { return false }
            // A load of eight bytes may reach beyond a value's own: near the end they are taken one by one.
            let isSafe = cursor.left >= 8
            unpack(bytes, Int(width), base, length, isSafe, values + start)
            if exceptions > 0, !amend(&cursor, Int(exceptions), UInt32(width), values + start, length) { return false }
            start += length
        }
        return true
    }

    private static func amend(
        _ cursor: inout ByteCursor, _ exceptions: Int, _ width: UInt32, _ values: UnsafeMutablePointer<UInt32>,
        _ count: Int
    ) -> Bool {
        guard let places = try? cursor.take(bytes: exceptions) else { return false }
        for place in places {
            guard Int(place) < count, let beyond = try? cursor.take(UInt32.self) else { return false }
            values[Int(place)] &+= beyond << width
        }
        return true
    }

    @inline(__always)
    private static func unpack(
        _ bytes: UnsafeRawBufferPointer, _ width: Int, _ base: UInt32, _ count: Int, _ isSafe: Bool,
        _ values: UnsafeMutablePointer<UInt32>
    ) {
        guard width > 0, let from = bytes.baseAddress else { return values.update(repeating: base, count: count) }
        let mask = UInt64(1) << UInt64(width) &- 1
        var bit = 0
        for index in 0..<count {
            let word =
                isSafe
                ? from.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self) : slowWord(bytes, bit &>> 3)
            values[index] = base &+ UInt32(truncatingIfNeeded: word &>> UInt64(bit & 7) & mask)
            bit &+= width
        }
    }

    private static func slowWord(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<min(8, bytes.count - offset) { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return word
    }
}
