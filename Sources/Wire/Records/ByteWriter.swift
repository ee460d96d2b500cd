/// A growing byte buffer that is used again; bytes are written with a `Pen` once room has been reserved.
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

    /// Makes room for `size` more bytes, and a pen at the end of what was written; valid until the next one.
    @inline(__always)
    mutating func pen(_ size: Int) -> Pen {
        if count + size > capacity { grow(size) }
        return Pen(base + count)
    }

    /// Takes over what the latest pen has written.
    @inline(__always)
    mutating func take(_ pen: Pen) { count = offset(of: pen) }

    /// How many bytes lie before the latest pen.
    @inline(__always)
    func offset(of pen: Pen) -> Int { pen.place - base }

    private mutating func grow(_ size: Int) {
        let larger = max(2 * capacity, count + size)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        moved.update(from: base, count: count)
        base.deallocate()
        (base, capacity) = (moved, larger)
    }
}

/// Writes without checks into room that was reserved: a place in memory, so that it can stay in a register.
///
/// Numbers and short runs are stored 8 or 16 bytes at a time: the room has to reach 16 bytes beyond all that is written.
struct Pen {
    private(set) var place: UnsafeMutablePointer<UInt8>

    @inline(__always)
    init(_ place: UnsafeMutablePointer<UInt8>) { self.place = place }

    /// Goes back to where it was before.
    @inline(__always)
    mutating func goBack(to earlier: Pen, plus count: Int = 0) { place = earlier.place + count }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        place.pointee = byte
        place += 1
    }

    @inline(__always)
    mutating func copy(_ source: UnsafePointer<UInt8>, _ length: Int) {
        place.update(from: source, count: length)
        place += length
    }

    /// For short runs, without a call: copies 16 bytes at a time, so the source, too, needs room for 15 bytes more.
    @inline(__always)
    mutating func copyInSteps(_ source: UnsafePointer<UInt8>, _ length: Int) {
        let (from, to) = (UnsafeRawPointer(source), UnsafeMutableRawPointer(place))
        var at = 0
        repeat {
            to.storeBytes(
                of: from.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self), toByteOffset: at,
                as: SIMD16<UInt8>.self)
            at &+= 16
        } while at < length
        place += length
    }

    @inline(__always)
    mutating func text(_ text: StaticString) { copy(text.utf8Start, text.utf8CodeUnitCount) }

    /// Lets a writer of `Records` fill at most `room` bytes.
    @inline(__always)
    mutating func fill(_ room: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        place += write(UnsafeMutableBufferPointer(start: place, count: room))
    }

    /// At most 20 digits.
    @inline(__always)
    mutating func decimal(_ value: UInt64) {
        if value < 10 { return byte(0x30 | UInt8(truncatingIfNeeded: value)) }
        if value < Self.eightDigits { return leading(value) }
        let (upper, lower) = value.quotientAndRemainder(dividingBy: Self.eightDigits)
        if upper < Self.eightDigits {
            leading(upper)
        } else {
            let (highest, middle) = upper.quotientAndRemainder(dividingBy: Self.eightDigits)
            leading(highest)
            eight(Self.digits(middle))
        }
        eight(Self.digits(lower))
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

    private static let eightDigits: UInt64 = 100_000_000

    /// The eight digits of a number below 10^8, a byte each, the first one lowest.
    @inline(__always)
    private static func digits(_ value: UInt64) -> UInt64 {
        // Two numbers of four digits, four of two, eight of one: each step divides all of them at once.
        let (upper, lower) = value.quotientAndRemainder(dividingBy: 10_000)
        let fours = upper | lower << 32
        let hundreds = (fours &* 10_486) &>> 20 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- 100 &* hundreds) << 16
        let tens = (twos &* 103) &>> 10 & 0x000F_000F_000F_000F
        return tens | (twos &- 10 &* tens) << 8
    }

    @inline(__always)
    private mutating func store(_ digits: UInt64) {
        UnsafeMutableRawPointer(place).storeBytes(of: digits.littleEndian, as: UInt64.self)
    }

    @inline(__always)
    private mutating func eight(_ digits: UInt64) {
        store(digits | 0x3030_3030_3030_3030)
        place += 8
    }

    /// A number from 1 to 10^8 - 1 without leading zeros: how many there are is not branched on.
    @inline(__always)
    private mutating func leading(_ value: UInt64) {
        let digits = Self.digits(value)
        let zeros = digits.trailingZeroBitCount &>> 3
        store((digits | 0x3030_3030_3030_3030) &>> UInt64(8 &* zeros))
        place += 8 &- zeros
    }
}
