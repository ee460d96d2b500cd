import CHdrlog

/// The walk over a frame's headers, by the rules that bpf/ follows too (see `hdrlog_malformed` in hdrlog.h):
///
/// - A header that the frame (or the IP payload) does not hold in full ends the walk; the bytes that are there are kept.
/// - A header that contradicts itself (version, IHL, data offset) ends the walk; its fixed part is kept.
/// - A total, payload or UDP length that contradicts the frame is noted, and the walk goes on with the bytes there are.
/// - L4 is looked for within the IP payload only: padding behind it is not a header.
/// - Only the bytes that a record can keep are looked at, so a record's own walk is that of its whole frame.
struct HeaderWalk {
    var layout = HeaderLayout()
    let bytes: UnsafeRawBufferPointer
    /// Bytes that may be read and kept.
    let available: Int
    let frameLength: Int
    /// First byte behind the IP payload by IP's own length, at most `frameLength`.
    var packetEnd: Int
    /// The same, at most `available`.
    var payloadEnd: Int
    /// The packet is a fragment, so L4's own length may exceed this frame.
    var isFragment = false

    static let maximumTags = Int(HDRLOG_MAX_VLAN_TAGS)
    static let maximumExtensions = Int(HDRLOG_MAX_EXTENSIONS)

    init(bytes: UnsafeRawBufferPointer, frameLength: Int) {
        self.bytes = bytes
        self.frameLength = max(frameLength, bytes.count)
        available = min(bytes.count, Int(HDRLOG_MAX_CAPTURED))
        packetEnd = self.frameLength
        payloadEnd = available
    }

    mutating func run(linkType: UInt8) {
        if UInt32(linkType) == HDRLOG_LINK_RAW_IP.rawValue { return walkRawIP() }
        guard available >= 14 else { return stop(HDRLOG_TRUNCATED_L2, keeping: available) }
        layout.hasEthernet = true
        guard let offset = walkTags() else { return }
        switch layout.etherType {
        case EtherType.ipv4: walkIPv4(at: offset)
        case EtherType.ipv6: walkIPv6(at: offset)
        case EtherType.arp, EtherType.rarp: walkARP(at: offset)
        default: layout.end = UInt16(offset)
        }
    }

    /// Steps over the VLAN tags.
    /// - Returns: where the payload begins, nil when the frame ends within a tag.
    private mutating func walkTags() -> Int? {
        var offset = 14
        layout.etherType = bytes.uncheckedWord(12)
        while EtherType.isTag(layout.etherType), layout.tagCount < Self.maximumTags {
            guard available - offset >= 4 else {
                stop(HDRLOG_TRUNCATED_L2, keeping: available)
                return nil
            }
            layout.tagCount += 1
            layout.etherType = bytes.uncheckedWord(offset + 2)
            offset += 4
        }
        return offset
    }

    private mutating func walkRawIP() {
        guard available >= 1 else { return stop(HDRLOG_TRUNCATED_L3, keeping: 0) }
        switch bytes[0] >> 4 {
        case 4: walkIPv4(at: 0)
        case 6: walkIPv6(at: 0)
        default: stop(HDRLOG_BAD_IP_VERSION, keeping: min(available, 20))
        }
    }

    private mutating func walkARP(at offset: Int) {
        guard available - offset >= 8 else { return stop(HDRLOG_TRUNCATED_L3, keeping: available) }
        layout.network = .arp
        layout.networkOffset = UInt16(offset)
        let length = 8 + 2 * (Int(bytes[offset + 4]) + Int(bytes[offset + 5]))
        guard available - offset >= length else {
            return stop(missing(offset + length, of: frameLength, HDRLOG_TRUNCATED_L3), keeping: available)
        }
        layout.networkLength = UInt16(length)
        layout.end = UInt16(offset + length)
    }

    /// IP's own length says that the packet ends at `end`.
    mutating func limitPayload(to end: Int, otherwise reason: hdrlog_malformed) {
        if end > frameLength { note(reason) }
        packetEnd = min(frameLength, end)
        payloadEnd = min(available, end)
    }

    /// Why a header that reaches up to `needed` cannot be read.
    /// - Parameter end: where its packet ends.
    func missing(_ needed: Int, of end: Int, _ truncated: hdrlog_malformed) -> hdrlog_malformed {
        needed <= end ? HDRLOG_HEADERS_TOO_LONG : truncated
    }

    /// Ends the walk: `end` bytes are kept. The first reason found is the one that is told.
    mutating func stop(_ reason: hdrlog_malformed, keeping end: Int) {
        note(reason)
        layout.end = UInt16(end)
    }

    mutating func note(_ reason: hdrlog_malformed) {
        if layout.malformed == 0 { layout.malformed = UInt8(reason.rawValue) }
    }
}
