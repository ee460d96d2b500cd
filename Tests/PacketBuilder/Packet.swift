public import CHdrlog
public import Records

/// A frame composed of layers, outermost first, with right lengths and checksums:
///
///     Packet(.ethernet(), .vlan(7), .ipv4(to: "192.0.2.1"), .tcp(to: 443, flags: .syn), .payload(100)).bytes
///
/// Each layer sees what lies behind it, so a field can be set wrong on purpose with `Layer.patched(_:_:)`.
public struct Packet: Sendable {
    public let bytes: [UInt8]

    public init(_ layers: Layer...) { self.init(layers) }

    public init(_ layers: [Layer]) {
        var behind: [UInt8] = []
        var addresses: [Pseudo] = Array(repeating: .none, count: layers.count)
        var pseudo = Pseudo.none
        for (index, layer) in layers.enumerated() {
            addresses[index] = pseudo
            pseudo = layer.pseudo ?? pseudo
        }
        var next: Layer?
        for (index, layer) in layers.enumerated().reversed() {
            behind = layer.encode(behind, next, addresses[index])
            next = layer
        }
        bytes = behind
    }

    /// The first `count` bytes of the frame.
    public func cut(to count: Int) -> [UInt8] { Array(bytes.prefix(count)) }

    /// Calls `body` with the record that the kernel would make of the frame: header bytes only, right extent.
    public func withRecord<Result>(
        time: Int64 = 0, interface: UInt32 = 1, direction: Direction = .ingress, rate: UInt32 = 1,
        linkType: hdrlog_link_type = HDRLOG_LINK_ETHERNET, strippedTag: VLANTag? = nil,
        _ body: (HeaderRecord) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes { frame in
            let link = UInt8(linkType.rawValue)
            let layout = HeaderLayout(walking: frame, linkType: link, frameLength: frame.count)
            let captured = HeaderLayout.extent(of: frame, linkType: link)
            var metadata = hdrlog_record()
            metadata.boot_ns = UInt64(bitPattern: time)
            metadata.ifindex = interface
            metadata.frame_length = UInt32(frame.count)
            metadata.rate = rate
            metadata.captured = UInt16(captured)
            metadata.segments = 1
            metadata.vlan_tpid = strippedTag?.tpid ?? 0
            metadata.vlan_tci = strippedTag?.tci ?? 0
            metadata.direction = direction.rawValue
            metadata.malformed = layout.malformed
            metadata.link_type = link
            let kept = UnsafeRawBufferPointer(rebasing: frame[..<captured])
            return try body(HeaderRecord(time: time, metadata: metadata, bytes: kept))
        }
    }
}

/// The addresses that an L4 checksum covers.
enum Pseudo {
    case none
    case addresses(source: IPAddress, destination: IPAddress)

    /// The checksum of an L4 header and payload whose checksum field is zero.
    func checksum(_ bytes: [UInt8], _ number: UInt8) -> UInt16 {
        var covered: [UInt8] = []
        if case .addresses(let source, let destination) = self {
            covered = source.wireBytes + destination.wireBytes
            covered += big32(UInt32(bytes.count)) + [0, 0, 0, number]
        }
        return ~(covered + bytes).withUnsafeBytes { InternetChecksum.sum($0) }
    }
}

func big16(_ value: some BinaryInteger) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
}

func big32(_ value: some BinaryInteger) -> [UInt8] { big16(value >> 16) + big16(value) }

extension [UInt8] {
    /// The bytes with a big-endian 16-bit field set.
    func setting(_ value: UInt16, at offset: Int) -> [UInt8] {
        var changed = self
        changed.replaceSubrange(offset..<(offset + 2), with: big16(value))
        return changed
    }
}
