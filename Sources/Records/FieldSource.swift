public import CHdrlog

/// Which headers a packet has: what decides which fields it can have and where they lie.
public struct HeaderKind: Hashable, Sendable {
    public let network: HeaderLayout.Network
    public let transport: HeaderLayout.Transport
    /// The bytes begin with an Ethernet header.
    public let hasEthernet: Bool
    /// There is a VLAN tag, in the bytes or taken off by the hardware.
    public let isTagged: Bool
    /// IPv4 options or IPv6 extension headers.
    public let hasIPOptions: Bool
    public let hasTCPOptions: Bool

    /// Kinds have an `index` below this.
    public static let count = 4 * 10 * 16

    @inlinable @inline(__always)
    public init(_ record: borrowing HeaderRecord, _ layout: HeaderLayout) {
        (network, transport) = (layout.network, layout.transport)
        hasEthernet = layout.hasEthernet
        isTagged = record.metadata.vlan_tpid != 0 || layout.tagCount > 0
        hasIPOptions = layout.network == .ipv4 ? layout.networkLength > 20 : layout.extensionCount > 0
        hasTCPOptions = layout.transport == .tcp && layout.end > layout.transportOffset &+ 20
    }

    @inlinable
    public var index: Int {
        let headers = Int(network.rawValue) &* 10 &+ Int(transport.rawValue)
        let more =
            (hasEthernet ? 1 : 0) | (isTagged ? 2 : 0) | (hasIPOptions ? 4 : 0) | (hasTCPOptions ? 8 : 0)
        return headers &* 16 &+ more
    }
}

/// Where a field's value comes from in packets of a kind: what every decoder of the field goes by.
public enum FieldSource {
    /// Packets of this kind never have it.
    case absent
    /// The same in every packet of the kind.
    case constant(FieldValue)
    /// The hook noted it beside the headers: `HeaderRecord.noted`.
    case noted
    /// It stands in the headers, unless these are cut before it.
    case place(FieldPlace)
    /// One of TCP's options: `TCPOptions.value`.
    case tcpOption
    /// It takes more than a look at one place.
    case computed
}

/// Where a value stands in the headers.
public struct FieldPlace: Sendable {
    /// What the offset counts from.
    public enum Header: UInt8, Sendable {
        case link, network, transport
        /// IPv6's fragment header, which a packet of the kind may lack.
        case fragment
    }

    public let header: Header
    /// Where the value ends within the header.
    @usableFromInline let end: UInt8
    /// Bytes of the header that have to be there for it, at least up to `end`.
    @usableFromInline let needed: UInt8
    /// Of the 32 bits before `end`, as a big-endian number: how far these are shifted, and which are left then.
    @usableFromInline let shift: UInt8
    @usableFromInline let mask: UInt32

    /// A number of 8, 16 or 32 bits, or some of them.
    /// - Parameters:
    ///   - mask: what remains of the shifted number; all of it by default.
    ///   - needed: bytes of the header without which the field does not count as being there.
    init(_ header: Header, _ offset: Int, bytes: Int, shift: Int = 0, mask: UInt32 = .max, needed: Int = 0) {
        self.header = header
        end = UInt8(offset + bytes)
        self.needed = UInt8(max(needed, offset + bytes))
        self.shift = UInt8(shift)
        self.mask = mask & UInt32.max >> UInt32(32 - 8 * min(bytes, 4))
    }

    /// No place at all; there is nothing to be read from it.
    public static let none = FieldPlace(.link, 0, bytes: 0, mask: 0)
}

/// Reads places of one record's headers. Valid as long as the record.
public struct PlaceReader {
    @usableFromInline let bytes: UnsafeRawPointer?
    /// Where the headers end.
    @usableFromInline let end: Int
    /// Where each `FieldPlace.Header` begins, 16 bits each; all set for one that is not there.
    @usableFromInline let starts: UInt64

    @inlinable @inline(__always)
    public init(_ record: borrowing HeaderRecord, _ layout: HeaderLayout) {
        bytes = record.bytes.baseAddress
        end = Swift.min(Int(layout.end), record.bytes.count)
        let fragment = layout.fragmentOffset == 0 ? UInt64(UInt16.max) : UInt64(layout.fragmentOffset)
        starts = UInt64(layout.networkOffset) << 16 | UInt64(layout.transportOffset) << 32 | fragment << 48
    }

    /// Where a place's header begins; nil when the value is not in the bytes.
    @inlinable @inline(__always)
    func start(_ place: FieldPlace) -> Int? {
        let start = Int(truncatingIfNeeded: starts &>> (16 &* UInt64(place.header.rawValue)) & 0xFFFF)
        return start &+ Int(place.needed) <= end ? start : nil
    }

    @inlinable @inline(__always)
    public func integer(_ place: FieldPlace) -> UInt32? {
        guard let bytes, let start = start(place) else { return nil }
        let stop = start &+ Int(place.end)
        let word: UInt32
        if stop >= 4 {
            word = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: stop &- 4, as: UInt32.self))
        } else {
            // The first bytes of a packet without Ethernet.
            word = (0..<stop).reduce(0) { $0 << 8 | UInt32(bytes.load(fromByteOffset: $1, as: UInt8.self)) }
        }
        return word &>> UInt32(place.shift) & place.mask
    }

    @inlinable @inline(__always)
    public func mac(_ place: FieldPlace) -> MACAddress? {
        guard let bytes, let start = start(place) else { return nil }
        let from = bytes + (start &+ Int(place.end) &- 6)
        let high = UInt16(bigEndian: from.loadUnaligned(as: UInt16.self))
        let low = UInt32(bigEndian: from.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        return MACAddress(UInt64(high) << 32 | UInt64(low))
    }

    /// - Parameter version: of the IP header that the place is in.
    @inlinable @inline(__always)
    public func address(_ place: FieldPlace, _ version: IPAddress.Version) -> IPAddress? {
        guard let bytes, let start = start(place) else { return nil }
        let stop = bytes + (start &+ Int(place.end))
        if version == .v4 { return IPAddress(v4: UInt32(bigEndian: (stop - 4).loadUnaligned(as: UInt32.self))) }
        return IPAddress(
            v6High: UInt64(bigEndian: (stop - 16).loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: (stop - 8).loadUnaligned(as: UInt64.self)))
    }
}
