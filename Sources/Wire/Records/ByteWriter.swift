/// A growing byte buffer that is written to without checks once room has been reserved, and used again.
struct ByteWriter: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    /// What was written; valid until the next write.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    mutating func removeAll() { count = 0 }

    mutating func removeLast() { count -= 1 }

    /// Makes room for `size` more bytes. Every write below relies on it.
    @inline(__always)
    mutating func reserve(_ size: Int) {
        if count + size > capacity { grow(size) }
    }

    private mutating func grow(_ size: Int) {
        let larger = max(2 * capacity, count + size)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        moved.update(from: base, count: count)
        base.deallocate()
        (base, capacity) = (moved, larger)
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        base[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func copy(_ source: UnsafePointer<UInt8>, _ length: Int) {
        (base + count).update(from: source, count: length)
        count += length
    }

    /// For short runs, without a call: copies 16 bytes at a time, so both sides need room for 15 bytes more.
    @inline(__always)
    mutating func copyInSteps(_ source: UnsafePointer<UInt8>, _ length: Int) {
        let (from, to) = (UnsafeRawPointer(source), UnsafeMutableRawPointer(base + count))
        var at = 0
        repeat {
            to.storeBytes(
                of: from.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self), toByteOffset: at,
                as: SIMD16<UInt8>.self)
            at &+= 16
        } while at < length
        count += length
    }

    @inline(__always)
    mutating func text(_ text: StaticString) { copy(text.utf8Start, text.utf8CodeUnitCount) }

    /// Lets a writer of `Records` fill at most `room` bytes.
    @inline(__always)
    mutating func fill(_ room: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        count += write(UnsafeMutableBufferPointer(start: base + count, count: room))
    }

    /// At most 20 digits.
    @inline(__always)
    mutating func decimal(_ value: UInt64) {
        if value < 10 { return byte(0x30 + UInt8(truncatingIfNeeded: value)) }
        let digits = Self.digits(value)
        var rest = value
        var at = count + digits
        while rest >= 100 {
            let pair = Int(truncatingIfNeeded: rest % 100)
            rest /= 100
            at -= 2
            base[at] = Self.pairs.utf8Start[2 * pair]
            base[at + 1] = Self.pairs.utf8Start[2 * pair + 1]
        }
        let pair = Int(truncatingIfNeeded: rest)
        if rest >= 10 { base[at - 2] = Self.pairs.utf8Start[2 * pair] }
        base[at - 1] = Self.pairs.utf8Start[2 * pair + 1]
        count += digits
    }

    @inline(__always)
    mutating func decimal(_ value: Int64) {
        if value < 0 { byte(UInt8(ascii: "-")) }
        decimal(value.magnitude)
    }

    /// Two lower-case digits a byte.
    @inline(__always)
    mutating func hexadecimal(_ bytes: UnsafeRawBufferPointer) {
        for index in 0..<bytes.count {
            byte(JSONText.digit(bytes[index] >> 4))
            byte(JSONText.digit(bytes[index] & 0xF))
        }
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354\
        555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

    @inline(__always)
    private static func digits(_ value: UInt64) -> Int {
        var digits = 1
        var limit: UInt64 = 10
        while value >= limit {
            digits += 1
            if digits == 20 { break }
            limit &*= 10
        }
        return digits
    }
}
