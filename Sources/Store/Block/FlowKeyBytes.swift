internal import CHdrlog

/// The bytes that make two records one flow: what the hook noted and does not change, the shape, and the header bytes
/// that are not stored by column.
///
///     interface u32, direction u8, link type u8, malformed u8, shape u8, TCI u16, TPID u16,
///     network offset u8, transport offset u8, fixed length u16, then the fixed header bytes
enum FlowKeyBytes {
    static let prefix = 16
    static let largest = prefix + Int(HDRLOG_MAX_CAPTURED)

    @inline(__always)
    static func write(_ metadata: hdrlog_record, _ shape: HeaderShape, to key: UnsafeMutableRawPointer) {
        key.storeBytes(of: metadata.ifindex, as: UInt32.self)
        let small =
            UInt32(metadata.direction) | UInt32(metadata.link_type) << 8 | UInt32(metadata.malformed) << 16
            | UInt32(shape.code) << 24
        key.storeBytes(of: small, toByteOffset: 4, as: UInt32.self)
        key.storeBytes(of: metadata.vlan_tci, toByteOffset: 8, as: UInt16.self)
        key.storeBytes(of: metadata.vlan_tpid, toByteOffset: 10, as: UInt16.self)
        let hasOffsets = shape.network != .other
        let offsets =
            hasOffsets
            ? UInt32(UInt8(truncatingIfNeeded: shape.networkOffset))
                | (shape.transport == .other ? 0 : UInt32(UInt8(truncatingIfNeeded: shape.transportOffset)) << 8) : 0
        key.storeBytes(of: offsets | UInt32(shape.fixedLength) << 16, toByteOffset: 12, as: UInt32.self)
    }

    /// The shape that a key states; nil when it cannot be.
    static func shape(_ key: UnsafeRawBufferPointer) -> HeaderShape? {
        guard key.count >= prefix else { return nil }
        let length = Int(key.loadUnaligned(fromByteOffset: 14, as: UInt16.self))
        guard key.count == prefix + length else { return nil }
        return HeaderShape(
            code: key[7], networkOffset: Int(key[12]), transportOffset: Int(key[13]), fixedLength: length)
    }

    /// Metadata of the flow's records; what varies is left at 0.
    static func metadata(_ key: UnsafeRawBufferPointer) -> hdrlog_record {
        var metadata = hdrlog_record()
        metadata.ifindex = key.loadUnaligned(as: UInt32.self)
        metadata.direction = key[4]
        metadata.link_type = key[5]
        metadata.malformed = key[6]
        metadata.vlan_tci = key.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        metadata.vlan_tpid = key.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
        return metadata
    }

    /// Whether the header begins with two MAC addresses.
    static func hasLink(_ key: UnsafeRawBufferPointer) -> Bool { key[5] == 0 && key.count >= prefix + 12 }
}
