internal import Glibc

/// Finds members and elements in JSON bytes without building values: for records, of which there are many.
///
/// It trusts its input to be JSON as hdrlogd writes it; text that is not ends the scan with an error or with spans
/// that make no sense, never with a read outside the buffer.
public struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private let end: Int

    /// - Parameter bytes: an object or an array, white space around it allowed.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        at = 0
        end = bytes.count
    }

    private var failure: JSONError { JSONError(offset: at, problem: "not JSON") }

    private mutating func skipSpace() { while at < end, bytes[at] <= 0x20 { at += 1 } }

    /// Steps over the character if it is next.
    private mutating func take(_ character: UInt8) -> Bool {
        skipSpace()
        guard at < end, bytes[at] == character else { return false }
        at += 1
        return true
    }

    /// Calls `body` with each member of the object: name without quotes, value with everything.
    public mutating func members(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(JSONError) {
        try eachMember { key, scanner throws(JSONError) in body(key, try scanner.value()) }
    }

    /// Calls `body` with the name of each member of the object, without quotes; it has to step over the value, with
    /// `value` or as deep as it likes. Nothing is looked at twice.
    mutating func eachMember(
        _ body: (UnsafeRawBufferPointer, inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard take(UInt8(ascii: "{")) else { throw failure }
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try value()
            guard key.count >= 2, key[0] == UInt8(ascii: "\""), take(UInt8(ascii: ":")) else { throw failure }
            try body(UnsafeRawBufferPointer(rebasing: key[1..<(key.count - 1)]), &self)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure }
    }

    /// What `body` steps over.
    mutating func spanning(
        _ body: (inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) -> UnsafeRawBufferPointer {
        skipSpace()
        let start = at
        try body(&self)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<at])
    }

    /// Calls `body` with each element of the array.
    public mutating func elements(_ body: (UnsafeRawBufferPointer) -> Void) throws(JSONError) {
        guard take(UInt8(ascii: "[")) else { throw failure }
        if take(UInt8(ascii: "]")) { return }
        repeat { body(try value()) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure }
    }

    /// Steps over one value of any kind.
    mutating func value() throws(JSONError) -> UnsafeRawBufferPointer {
        skipSpace()
        guard at < end else { throw failure }
        let start = at
        switch bytes[at] {
        case UInt8(ascii: "\""): try skipString()
        case UInt8(ascii: "{"), UInt8(ascii: "["): if !skipPlainObject() { try skipNested() }
        default: while at < end, !Self.endsScalar(bytes[at]) { at += 1 }
        }
        guard at > start else { throw failure }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<at])
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
            || byte == UInt8(ascii: ":")
    }

    private mutating func skipString() throws(JSONError) {
        at += 1
        while at < end {
            // Eight bytes at a time as far as neither an end nor an escape is among them.
            if at &+ 8 <= end {
                let ends = Self.ends(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian)
                at &+= ends == 0 ? 8 : ends.trailingZeroBitCount &>> 3
                if ends == 0 { continue }
            }
            if bytes[at] == UInt8(ascii: "\"") {
                at += 1
                return
            }
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        throw failure
    }

    /// The lowest bit set is the top bit of the first byte that is a quotation mark or a backslash.
    @inline(__always)
    private static func ends(_ word: UInt64) -> UInt64 {
        let (low, high): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let quote = word ^ low &* UInt64(UInt8(ascii: "\""))
        let escape = word ^ low &* UInt64(UInt8(ascii: "\\"))
        return ((quote &- low) & ~quote | (escape &- low) & ~escape) & high
    }

    /// Steps over an object that holds no other one and no escape, as most records are: its end is the first closing
    /// brace, unless that stands in a string, which would leave an odd number of quotation marks before it.
    /// - Returns: false when it is not of this kind; nothing was stepped over then.
    private mutating func skipPlainObject() -> Bool {
        guard bytes[at] == UInt8(ascii: "{"), let base = bytes.baseAddress,
            let brace = memchr(base + at, Int32(UInt8(ascii: "}")), end &- at)
        else { return false }
        let stop = UnsafeRawPointer(brace) - base
        typealias Bytes = SIMD16<UInt8>
        let quote = Bytes(repeating: UInt8(ascii: "\""))
        let (escape, open) = (Bytes(repeating: UInt8(ascii: "\\")), Bytes(repeating: UInt8(ascii: "{")))
        // Behind the object's own brace; all bits of a byte are set where it was an odd number.
        var (place, quotes, others) = (at &+ 1, Bytes.zero, Bytes.zero)
        while place &+ 16 <= stop {
            let piece = base.loadUnaligned(fromByteOffset: place, as: Bytes.self)
            quotes ^= Bytes.zero.replacing(with: .max, where: piece .== quote)
            others |= Bytes.zero.replacing(with: .max, where: (piece .== escape) .| (piece .== open))
            place &+= 16
        }
        var isOdd = false
        for byte in place..<stop {
            if bytes[byte] == quote[0] { isOdd.toggle() }
            if bytes[byte] == escape[0] || bytes[byte] == open[0] { return false }
        }
        for lane in 0..<16 where quotes[lane] != 0 { isOdd.toggle() }
        guard others == .zero, !isOdd else { return false }
        at = stop &+ 1
        return true
    }

    private mutating func skipNested() throws(JSONError) {
        var depth = 0
        repeat {
            guard at < end else { throw failure }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                try skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            at += 1
        } while depth > 0
    }
}
