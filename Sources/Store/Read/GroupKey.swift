internal import Records

/// A group's values as bytes: what `BytesDictionary` finds groups by.
struct GroupKey {
    let buffer = ByteBuffer(capacity: 256)

    private enum Kind: UInt8 {
        case none, integer, address4, address6, mac, boolean, direction, interface, bytes, time
    }

    /// So many bytes are always there, 0 beyond the key's end.
    static let inlineCount = 24

    func begin(bucket: Int64?) {
        buffer.base.initializeMemory(as: UInt64.self, repeating: 0, count: Self.inlineCount / 8)
        buffer.count = 0
        if let bucket { buffer.append(bucket) }
    }

    typealias Head = (UInt64, UInt64, UInt64)

    /// The first bytes.
    @inline(__always)
    var head: Head { Self.head(of: UnsafeRawPointer(buffer.base)) }

    /// - Parameter key: `inlineCount` bytes at least.
    @inline(__always)
    static func head(of key: UnsafeRawPointer) -> Head {
        (
            key.loadUnaligned(as: UInt64.self), key.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            key.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        )
    }

    func replace(_ bytes: UnsafeRawBufferPointer) {
        begin(bucket: nil)
        buffer.append(bytes)
    }

    func append(_ value: FieldValue?, _ names: [UInt32: String]) {
        switch value {
        case nil: buffer.append(Kind.none.rawValue)
        case .integer(let number)?: append(.integer, number)
        case .address(let address)?: append(address)
        case .mac(let mac)?: append(.mac, mac.value)
        case .boolean(let flag)?: append(.boolean, UInt8(flag ? 1 : 0))
        case .direction(let direction)?: append(.direction, direction.rawValue)
        case .time(let time)?: append(.time, time)
        case .interface(let index)?:
            buffer.append(Kind.interface.rawValue)
            buffer.append(name: names[index] ?? "")
        case .bytes(let bytes)?:
            append(.bytes, UInt8(min(bytes.count, 255)))
            buffer.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(255)))
        case .list(let list)?:
            append(.bytes, UInt8(list.count))
            for number in list { buffer.append(number) }
        }
    }

    private func append<T: FixedWidthInteger>(_ kind: Kind, _ value: T) {
        buffer.append(kind.rawValue)
        buffer.append(value)
    }

    private func append(_ address: IPAddress) {
        guard address.version == .v6 else { return append(.address4, UInt32(truncatingIfNeeded: address.low)) }
        append(.address6, address.high)
        buffer.append(address.low)
    }

    /// The values of a key that was built before.
    static func values(
        _ bytes: UnsafeRawBufferPointer, fields: Int, hasBucket: Bool
    ) -> (bucket: Int64?, values: [GroupValue]) {
        var cursor = ByteCursor(bytes)
        let bucket = hasBucket ? try? cursor.take(Int64.self) : nil
        return (bucket, (0..<fields).map { _ in (try? value(&cursor)) ?? .none })
    }

    private static func value(_ cursor: inout ByteCursor) throws(ByteCursor.Exhausted) -> GroupValue {
        switch Kind(rawValue: try cursor.take(UInt8.self)) {
        case .integer: return .integer(try cursor.take())
        case .address4: return .address(IPAddress(v4: try cursor.take()))
        case .address6: return .address(IPAddress(v6High: try cursor.take(), low: try cursor.take()))
        case .mac: return .mac(MACAddress(try cursor.take(UInt64.self)))
        case .boolean: return .boolean(try cursor.take(UInt8.self) != 0)
        case .direction: return .direction(Direction(rawValue: try cursor.take()) ?? .ingress)
        case .interface: return .interface(try cursor.takeName())
        case .bytes: return .bytes(Array(try cursor.take(bytes: Int(try cursor.take(UInt8.self)))))
        case .time: return .time(try cursor.take())
        default: return .none
        }
    }
}

extension Field {
    /// Whether all records of a stored flow have the same value, so that the flow's template gives it.
    var isFlowField: Bool {
        switch self {
        case .interface, .direction, .malformed, .sourceMac, .destinationMac, .etherType, .vlanCount, .vlan, .vlanTpid,
            .vlanPcp, .vlanDei, .innerVlan, .innerVlanTpid, .innerVlanPcp, .innerVlanDei, .vlanStripped, .ipVersion,
            .source, .destination, .protocol, .ttl, .dscp, .ecn, .ihl, .reservedFlag, .dontFragment, .moreFragments,
            .fragmentOffset, .flowLabel, .nextHeader, .sourcePort, .destinationPort, .icmpType, .icmpCode,
            .arpOperation, .arpSenderMac, .arpSenderAddress, .arpTargetMac, .arpTargetAddress:
            true
        default: false
        }
    }
}
