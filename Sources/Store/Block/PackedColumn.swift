/// Numbers in as few bits as each stretch of 128 of them needs: what queries read most, so neither zstd nor any
/// dependence between values stands in the way.
///
///     stretch   width u8, base u32, then (value - base) in `width` bits each, least significant first
enum PackedColumn {
    static let stretch = 128

    static func encode(_ values: UnsafePointer<UInt32>, _ count: Int, to buffer: ByteBuffer) {
        var start = 0
        while start < count {
            let length = min(stretch, count - start)
            encodeStretch(values + start, length, to: buffer)
            start += length
        }
    }

    private static func encodeStretch(_ values: UnsafePointer<UInt32>, _ count: Int, to buffer: ByteBuffer) {
        var (least, greatest) = (values[0], values[0])
        for index in 1..<max(count, 1) {
            least = min(least, values[index])
            greatest = max(greatest, values[index])
        }
        let width = 32 - (greatest - least).leadingZeroBitCount
        buffer.reserve(5 + count * 4 + 8)
        buffer.append(UInt8(width))
        buffer.append(least)
        var (bits, filled): (UInt64, Int) = (0, 0)
        var out = buffer.base + buffer.count
        for index in 0..<count {
            bits |= UInt64(values[index] &- least) << UInt64(truncatingIfNeeded: filled)
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
    }

    /// - Returns: false when the bytes end too early or a width is impossible.
    static func decode(_ cursor: inout ByteCursor, _ count: Int, to values: UnsafeMutablePointer<UInt32>) -> Bool {
        var start = 0
        while start < count {
            let length = min(stretch, count - start)
            guard let width = try? cursor.take(UInt8.self), width <= 32, let base = try? cursor.take(UInt32.self),
                let bytes = try? cursor.take(bytes: (length * Int(width) + 7) / 8)
            else { return false }
            // A load of eight bytes may reach beyond a value's own: near the end they are taken one by one.
            let isSafe = cursor.left >= 8
            unpack(bytes, Int(width), base, length, isSafe, values + start)
            start += length
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
