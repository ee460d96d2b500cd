/// The columns of what prediction does not give, one byte run each.
enum FieldStream: Int, CaseIterable {
    case codesLow, codesHigh, lengths, identifiers, headerChecksums, sequences, acknowledgments, windows, checksums
    case options, stampValues, stampEchoes, datagramLengths, rest

    /// Checksums of payloads are random: to compress them is time lost.
    var isCompressed: Bool { self != .checksums && self != .headerChecksums }
}

/// A write position in memory that is known to be large enough.
struct StreamWriter {
    let base: UnsafeMutableRawPointer
    var count = 0

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    @inline(__always)
    mutating func word(_ value: UInt16) {
        (base + count).storeBytes(of: value, as: UInt16.self)
        count &+= 2
    }

    @inline(__always)
    mutating func longWord(_ value: UInt32) {
        (base + count).storeBytes(of: value, as: UInt32.self)
        count &+= 4
    }

    /// A signed difference, small ones in few bytes (zigzag, 7 bits a byte).
    @inline(__always)
    mutating func difference(_ value: Int32) {
        var left = UInt32(bitPattern: value << 1 ^ value >> 31)
        while left >= 0x80 {
            byte(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        byte(UInt8(truncatingIfNeeded: left))
    }
}

/// The counterpart of `StreamWriter` for bytes that may be damaged: behind the end there are zeros.
struct StreamReader {
    private let base: UnsafeRawPointer
    private let end: Int
    private var at: Int

    init(_ base: UnsafeRawPointer, _ range: Range<Int>) {
        (self.base, at, end) = (base, range.lowerBound, range.upperBound)
    }

    @inline(__always)
    mutating func byte() -> UInt8 {
        guard at < end else { return 0 }
        defer { at &+= 1 }
        return base.load(fromByteOffset: at, as: UInt8.self)
    }

    @inline(__always)
    mutating func word() -> UInt16 {
        guard at &+ 2 <= end else { return 0 }
        defer { at &+= 2 }
        return base.loadUnaligned(fromByteOffset: at, as: UInt16.self)
    }

    @inline(__always)
    mutating func longWord() -> UInt32 {
        guard at &+ 4 <= end else { return 0 }
        defer { at &+= 4 }
        return base.loadUnaligned(fromByteOffset: at, as: UInt32.self)
    }

    @inline(__always)
    mutating func pass(_ count: Int) {
        if at &+ count <= end { at &+= count }
    }

    /// Passes over a `difference`.
    @inline(__always)
    mutating func passVariable() {
        var shift = 0
        while shift < 35, byte() >= 0x80 { shift &+= 7 }
    }

    @inline(__always)
    mutating func difference() -> Int32 {
        var value: UInt32 = 0
        var shift: UInt32 = 0
        while shift < 35 {
            let next = byte()
            value |= UInt32(next & 0x7F) << shift
            if next < 0x80 { break }
            shift &+= 7
        }
        return Int32(bitPattern: value >> 1) ^ -Int32(bitPattern: value & 1)
    }
}
