/// The Internet checksum (RFC 1071).
public enum InternetChecksum {
    /// The folded one's-complement sum of big-endian 16-bit words; an odd last byte is padded with zero.
    /// 0xFFFF over a header that includes its checksum says that the checksum is right.
    public static func sum(_ bytes: UnsafeRawBufferPointer, adding start: UInt32 = 0) -> UInt16 {
        var sum = UInt64(start)
        var offset = 0
        while offset + 4 <= bytes.count {
            // Two words at once: what the upper one carries is folded in below.
            sum += UInt64(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            offset += 4
        }
        if offset + 2 <= bytes.count {
            sum += UInt64(bytes.uncheckedWord(offset))
            offset += 2
        }
        if offset < bytes.count { sum += UInt64(bytes[offset]) << 8 }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return UInt16(sum)
    }
}
