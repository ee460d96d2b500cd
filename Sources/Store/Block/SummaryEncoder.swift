internal import CHdrlog
internal import Filter
internal import Records

/// Gathers what a block's row and its filter tell of its flows, so that queries need not read the others.
///
///     summary: version u8, directions u8 (bit a direction), protocols 32 bytes (bit a number),
///     EtherTypes: count u8 (255: too many), u16 each; interfaces: count u8 (255: too many), u32 each
///
///     filter: version u8, ports as a stream (see `PortSet`), log2 of the filter's bits u8, then the filter over
///     addresses (Bloom, 4 bits a member, 8 to 16 a member provided)
final class SummaryEncoder {
    private var directions: UInt8 = 0
    private var protocols: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var etherTypes: [UInt16] = []
    private var interfaces: [UInt32] = []
    private var members: [UInt64] = []
    private let ports = PortSet()

    func removeAll() {
        directions = 0
        protocols = (0, 0, 0, 0)
        etherTypes.removeAll(keepingCapacity: true)
        interfaces.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        ports.removeAll()
    }

    /// - Parameter isNewPair: its addresses are not yet in the filter.
    func add(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape, isNewPair: Bool) {
        let metadata = FlowKeyBytes.metadata(key)
        directions |= metadata.direction == 0 ? 1 : 2
        if !interfaces.contains(metadata.ifindex), interfaces.count < 255 { interfaces.append(metadata.ifindex) }
        guard shape.transport == .tcp else { return addWalking(key, shape, metadata) }
        setProtocol(6)
        note(etherType: metadata.link_type != 0 ? 0 : shape.network == .ipv4 ? EtherType.ipv4 : EtherType.ipv6)
        guard isNewPair else { return }
        note(EndPoints(key, shape))
    }

    private func note(_ ends: EndPoints) {
        for side in 0...1 {
            members.append(AddressFilter.hash(EndPoints.value(ends.addressBytes(side))))
            if let port = ends.portNumber(side) { ports.insert(port) }
        }
    }

    /// The way for flows whose shape does not tell their protocol.
    private func addWalking(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape, _ metadata: hdrlog_record) {
        let header = UnsafeRawBufferPointer(rebasing: key[FlowKeyBytes.prefix...])
        let layout = HeaderLayout(walking: header, linkType: metadata.link_type, frameLength: header.count)
        note(etherType: layout.etherType)
        if layout.isIP { setProtocol(layout.upperProtocol) }
        if shape.ports { return note(EndPoints(key, shape)) }
        let key = FlowKey(HeaderRecord(time: 0, metadata: metadata, bytes: header), layout)
        if key.hasPorts {
            ports.insert(key.sourcePort)
            ports.insert(key.destinationPort)
        } else if layout.malformed != 0 || Self.withPorts.contains(layout.upperProtocol) {
            // The walk sees no lengths here: of a record it may see more.
            ports.insertAll()
        }
        guard key.hasAddresses else { return }
        members.append(AddressFilter.hash(key.source))
        members.append(AddressFilter.hash(key.destination))
    }

    /// TCP, UDP, SCTP, UDP-Lite.
    private static let withPorts: [UInt8] = [6, 17, 132, 136]

    private func note(etherType: UInt16) {
        if !etherTypes.contains(etherType), etherTypes.count < 255 { etherTypes.append(etherType) }
    }

    private func setProtocol(_ number: UInt8) {
        let bit = UInt64(1) << UInt64(number & 63)
        switch number >> 6 {
        case 0: protocols.0 |= bit
        case 1: protocols.1 |= bit
        case 2: protocols.2 |= bit
        default: protocols.3 |= bit
        }
    }

    func write(to buffer: ByteBuffer, filter: ByteBuffer, _ compressor: ZstdCompressor) {
        buffer.count = 0
        buffer.append(UInt8(2))
        buffer.append(directions)
        for word in [protocols.0, protocols.1, protocols.2, protocols.3] { buffer.append(word) }
        buffer.append(UInt8(etherTypes.count))
        if etherTypes.count < 255 { for type in etherTypes { buffer.append(type) } }
        buffer.append(UInt8(interfaces.count))
        if interfaces.count < 255 { for index in interfaces { buffer.append(index) } }
        filter.count = 0
        filter.append(UInt8(1))
        ports.write(to: filter, compressor)
        AddressFilter.write(&members, to: filter)
    }
}
