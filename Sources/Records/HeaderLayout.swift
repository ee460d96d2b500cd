public import CHdrlog

/// Where the headers of one record lie: the result of one walk over its bytes, and all that field accessors need.
///
/// Small and trivial, so that a walk costs no allocation and a layout can be kept in a register or two.
/// Offsets count from the record's first header byte; every offset is at most `end`, and `end` is at most the
/// number of bytes walked, so an accessor that checks against `end` never reads outside the record.
public struct HeaderLayout: Equatable, Sendable {
    /// The network-layer header that the walk recognised.
    public enum Network: UInt8, Sendable {
        case none, ipv4, ipv6, arp
    }

    /// The header behind the network layer that the walk recognised.
    ///
    /// `none` for later fragments and for protocols whose header is not kept.
    public enum Transport: UInt8, Sendable {
        case none, tcp, udp, udpLite, icmp, icmpv6, sctp, gre, esp, ah

        /// Whether the header begins with a source and a destination port.
        @inlinable
        public var hasPorts: Bool { self == .tcp || self == .udp || self == .udpLite || self == .sctp }
    }

    /// Where the header bytes end: behind L4's options, or where the walk stopped. This is also how many bytes the
    /// kernel keeps of a frame; at most `HDRLOG_MAX_CAPTURED`.
    public internal(set) var end: UInt16 = 0
    /// Offset of the IP or ARP header; meaningful unless `network` is `.none`.
    public internal(set) var networkOffset: UInt16 = 0
    /// Offset of the header behind IP and its extension headers; meaningful unless `transport` is `.none`.
    public internal(set) var transportOffset: UInt16 = 0
    /// Offset of the IPv6 fragment header, 0 when there is none.
    public internal(set) var fragmentOffset: UInt16 = 0
    /// The EtherType behind all tags, or an 802.3 length (below 0x0600); 0 on links without Ethernet.
    public internal(set) var etherType: UInt16 = 0
    public internal(set) var network: Network = .none
    public internal(set) var transport: Transport = .none
    /// IPv4's protocol field, or the protocol behind IPv6's extension headers; meaningful with an IP header.
    public internal(set) var upperProtocol: UInt8 = 0
    /// VLAN tags in the bytes; a tag that the hardware took off is not among them.
    public internal(set) var tagCount: UInt8 = 0
    public internal(set) var extensionCount: UInt8 = 0
    /// Why the walk stopped early (`hdrlog_malformed`), by the same rules as in the kernel; 0 if it did not.
    public internal(set) var malformed: UInt8 = 0
    /// The bytes begin with an Ethernet header (whole: 14 bytes).
    public internal(set) var hasEthernet = false

    @inlinable @inline(__always)
    public var isIP: Bool { network == .ipv4 || network == .ipv6 }

    /// Bytes of the IP header with IPv4 options or IPv6 extension headers; 0 without an IP header that is whole.
    public internal(set) var networkLength: UInt16 = 0

    init() {}

    /// Walks the header bytes of a record.
    @inlinable
    public init(_ record: borrowing HeaderRecord) {
        self.init(
            walking: record.bytes, linkType: record.metadata.link_type, frameLength: Int(record.metadata.frame_length))
    }

    /// Walks a frame, or the header bytes that were kept of one.
    /// - Parameters:
    ///   - bytes: from the first byte of L2 (or L3, see `linkType`) on.
    ///   - linkType: `hdrlog_link_type`.
    ///   - frameLength: bytes of the whole frame; what the lengths in the headers are checked against.
    public init(walking bytes: UnsafeRawBufferPointer, linkType: UInt8, frameLength: Int) {
        var walk = HeaderWalk(bytes: bytes, frameLength: frameLength)
        walk.run(linkType: linkType)
        self = walk.layout
    }

    /// How many header bytes the kernel keeps of a frame.
    public static func extent(of frame: UnsafeRawBufferPointer, linkType: UInt8) -> Int {
        Int(HeaderLayout(walking: frame, linkType: linkType, frameLength: frame.count).end)
    }
}
