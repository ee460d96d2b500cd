internal import Records

/// One record as a capture file holds it: the header bytes as they were on the wire.
struct CaptureFrame {
    enum LinkType: UInt16 {
        /// LINKTYPE_ETHERNET
        case ethernet = 1
        /// LINKTYPE_RAW: the bytes begin with the IP header.
        case rawIP = 101
    }

    /// UTC nanoseconds.
    var time: Int64
    var interface: String
    var isInbound: Bool
    var link: LinkType
    /// Bytes of the whole frame.
    var length: UInt32
    var bytes: [UInt8]

    /// - Parameters:
    ///   - view: a record with `raw`.
    ///   - headers, linkType: its two members beyond the fields.
    init?(_ view: RecordView, headers: UnsafeRawBufferPointer?, linkType: UnsafeRawBufferPointer?) {
        guard let headers, let bytes = Self.bytes(headers), let time = view.number(.time),
            let length = view.number(.frameLength).flatMap({ UInt32(exactly: $0) })
        else { return nil }
        self.time = time
        self.length = max(length, UInt32(bytes.count))
        self.bytes = bytes
        interface = view.text(.interface) ?? ""
        isInbound = view.text(.direction) != "out"
        link = linkType?.first == UInt8(ascii: "1") ? .rawIP : .ethernet
        insertStrippedTag(view)
    }

    /// The tag that the hardware took off goes back to its place, as libpcap does it.
    private mutating func insertStrippedTag(_ view: RecordView) {
        guard link == .ethernet, bytes.count >= 12, view.text(.vlanStripped) == "true",
            let type = view.number(.vlanTpid), let identifier = view.number(.vlan)
        else { return }
        let priority = (view.number(.vlanPcp) ?? 0) << 13 | (view.text(.vlanDei) == "true" ? 0x1000 : 0)
        let control = priority | identifier
        let tag = [type >> 8, type, control >> 8, control].map { UInt8(truncatingIfNeeded: $0) }
        bytes.insert(contentsOf: tag, at: 12)
        length += 4
    }

    /// Of a quoted hexadecimal string.
    private static func bytes(_ quoted: UnsafeRawBufferPointer) -> [UInt8]? {
        guard quoted.count >= 2, quoted.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(quoted.count / 2)
        for index in stride(from: 1, to: quoted.count - 1, by: 2) {
            guard let high = nibble(quoted[index]), let low = nibble(quoted[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
