internal import CHdrlog
internal import Filter
internal import Records

/// Gathers what a block's row tells of its flows, so that queries need not read the others.
///
///     version u8, directions u8 (bit a direction), protocols 32 bytes (bit a number),
///     EtherTypes: count u8 (255: too many), u16 each; interfaces: count u8 (255: too many), u32 each;
///     log2 of the filter's bits u8, then the filter over addresses (Bloom, 4 bits a member, 8 to 16 a member provided)
final class SummaryEncoder {
    private var directions: UInt8 = 0
    private var protocols: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var etherTypes: [UInt16] = []
    private var interfaces: [UInt32] = []
    private var members: [UInt64] = []

    func removeAll() {
        directions = 0
        protocols = (0, 0, 0, 0)
        etherTypes.removeAll(keepingCapacity: true)
        interfaces.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
    }

    /// - Parameter isNewPair: its addresses are not yet in the filter.
    func add(_ key: UnsafeRawBufferPointer, _ shape: HeaderShape, isNewPair: Bool) {
        let metadata = FlowKeyBytes.metadata(key)
        directions |= metadata.direction == 0 ? 1 : 2
        if !interfaces.contains(metadata.ifindex), interfaces.count < 255 { interfaces.append(metadata.ifindex) }
        guard shape.transport == .tcp else { return addWalking(key, metadata) }
        setProtocol(6)
        note(etherType: metadata.link_type != 0 ? 0 : shape.network == .ipv4 ? EtherType.ipv4 : EtherType.ipv6)
        guard isNewPair else { return }
        let ends = EndPoints(key, shape)
        for side in 0...1 { members.append(AddressFilter.hash(EndPoints.value(ends.addressBytes(side)))) }
    }

    /// The way for flows whose shape does not tell their protocol.
    private func addWalking(_ key: UnsafeRawBufferPointer, _ metadata: hdrlog_record) {
        let header = UnsafeRawBufferPointer(rebasing: key[FlowKeyBytes.prefix...])
        let layout = HeaderLayout(walking: header, linkType: metadata.link_type, frameLength: header.count)
        note(etherType: layout.etherType)
        if layout.isIP { setProtocol(layout.upperProtocol) }
        let key = FlowKey(HeaderRecord(time: 0, metadata: metadata, bytes: header), layout)
        guard key.hasAddresses else { return }
        members.append(AddressFilter.hash(key.source))
        members.append(AddressFilter.hash(key.destination))
    }

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

    func write(to buffer: ByteBuffer) {
        buffer.append(UInt8(1))
        buffer.append(directions)
        for word in [protocols.0, protocols.1, protocols.2, protocols.3] { buffer.append(word) }
        buffer.append(UInt8(etherTypes.count))
        if etherTypes.count < 255 { for type in etherTypes { buffer.append(type) } }
        buffer.append(UInt8(interfaces.count))
        if interfaces.count < 255 { for index in interfaces { buffer.append(index) } }
        AddressFilter.write(&members, to: buffer)
    }
}
