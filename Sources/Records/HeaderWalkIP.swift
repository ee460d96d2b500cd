import CHdrlog

extension HeaderWalk {
    mutating func walkIPv4(at offset: Int) {
        guard available - offset >= 20 else { return stop(HDRLOG_TRUNCATED_L3, keeping: available) }
        let first = bytes[offset]
        guard first >> 4 == 4 else { return stop(HDRLOG_BAD_IP_VERSION, keeping: offset + 20) }
        let length = Int(first & 0xF) * 4
        guard length >= 20 else { return stop(HDRLOG_BAD_IHL, keeping: offset + 20) }
        layout.network = .ipv4
        layout.networkOffset = UInt16(offset)
        layout.upperProtocol = bytes[offset + 9]
        guard available - offset >= length else { return stop(HDRLOG_TRUNCATED_L3, keeping: available) }
        layout.networkLength = UInt16(length)
        guard limitPayload(toTotalLength: Int(bytes.uncheckedWord(offset + 2)), at: offset, header: length) else {
            return stop(HDRLOG_BAD_TOTAL_LENGTH, keeping: offset + length)
        }
        let fragment = bytes.uncheckedWord(offset + 6)
        isFragment = fragment & 0x3FFF != 0
        layout.end = UInt16(offset + length)
        if fragment & 0x1FFF == 0 { walkTransport(at: offset + length) }
    }

    /// Applies IPv4's total length. 0 is what a segmentation-offload frame carries: the payload fills the frame.
    /// - Returns: false when the length is below the header's.
    private mutating func limitPayload(toTotalLength total: Int, at offset: Int, header: Int) -> Bool {
        if total == 0 { return true }
        if total < header { return false }
        limitPayload(to: offset + total, otherwise: HDRLOG_BAD_TOTAL_LENGTH)
        return true
    }

    mutating func walkIPv6(at offset: Int) {
        guard available - offset >= 40 else { return stop(HDRLOG_TRUNCATED_L3, keeping: available) }
        guard bytes[offset] >> 4 == 6 else { return stop(HDRLOG_BAD_IP_VERSION, keeping: offset + 40) }
        layout.network = .ipv6
        layout.networkOffset = UInt16(offset)
        layout.upperProtocol = bytes[offset + 6]
        // Length 0 stands for a jumbogram or a segmentation-offload frame: the payload fills the frame.
        let payload = Int(bytes.uncheckedWord(offset + 4))
        if payload != 0 { limitPayload(to: offset + 40 + payload, otherwise: HDRLOG_BAD_PAYLOAD_LENGTH) }
        guard let behind = walkExtensions(at: offset + 40) else { return }
        layout.networkLength = UInt16(behind - offset)
        layout.end = UInt16(behind)
        if !isLaterFragment { walkTransport(at: behind) }
    }

    private var isLaterFragment: Bool {
        layout.fragmentOffset != 0 && bytes.uncheckedWord(Int(layout.fragmentOffset) + 2) & 0xFFF8 != 0
    }

    /// Steps over the extension headers up to the upper protocol, or up to a later fragment's payload.
    /// - Returns: the first byte behind them, nil when the walk ended before.
    private mutating func walkExtensions(at start: Int) -> Int? {
        var offset = start
        while IPProtocol.isExtension(layout.upperProtocol) {
            guard layout.extensionCount < Self.maximumExtensions else {
                stop(HDRLOG_TOO_MANY_EXTENSIONS, keeping: offset)
                return nil
            }
            guard payloadEnd - offset >= 8 else {
                stop(missing(offset + 8, of: packetEnd, HDRLOG_TRUNCATED_L3), keeping: max(offset, payloadEnd))
                return nil
            }
            let length = IPProtocol.extensionLength(of: layout.upperProtocol, lengthField: bytes[offset + 1])
            guard payloadEnd - offset >= length else {
                stop(missing(offset + length, of: packetEnd, HDRLOG_TRUNCATED_L3), keeping: payloadEnd)
                return nil
            }
            layout.extensionCount += 1
            if layout.upperProtocol == IPProtocol.fragment { noteFragment(at: offset) }
            layout.upperProtocol = bytes[offset]
            offset += length
            if isLaterFragment { break }
        }
        return offset
    }

    private mutating func noteFragment(at offset: Int) {
        // Only the first fragment header counts: a second one lies within the reassembled packet.
        guard layout.fragmentOffset == 0 else { return }
        layout.fragmentOffset = UInt16(offset)
        isFragment = bytes.uncheckedWord(offset + 2) & 0xFFF9 != 0
    }
}
