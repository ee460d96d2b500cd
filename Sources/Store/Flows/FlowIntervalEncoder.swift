internal import CHdrlog
internal import Records

/// An interval as bytes: column behind column, numbers as LEB128, all of it compressed. docs/format.md has the layout.
struct FlowIntervalEncoder {
    private let compressor = ZstdCompressor(level: 3)
    private let plain = ByteBuffer()

    /// Replaces what `out` holds.
    func encode(_ interval: FlowInterval, to out: ByteBuffer) {
        plain.count = 0
        plain.append(interval.from)  // again, so that the checksum covers them
        plain.append(interval.to)
        plain.append(varint: UInt64(interval.names.count))
        for (index, name) in interval.names.sorted(by: { $0.key < $1.key }) {
            plain.append(varint: UInt64(index))
            plain.append(name: name)
        }
        plain.append(varint: UInt64(interval.flows.count))
        for flow in interval.flows { append(addressesOf: flow) }
        column(interval.flows) { $0.key.ifindex }
        column(interval.flows) { UInt64($0.key.protocol) | UInt64($0.key.direction) << 8 }
        column(interval.flows) { $0.key.source_port }
        column(interval.flows) { $0.key.destination_port }
        column(interval.flows) { $0.key.vlan }
        column(interval.flows) { $0.value.frames }
        column(interval.flows) { $0.value.wire_packets &- $0.value.frames }
        column(interval.flows) { $0.value.bytes }
        column(interval.flows) { UInt64(bitPattern: $0.first &- interval.from).zigzag }
        column(interval.flows) { UInt64(bitPattern: $0.last &- $0.first) }
        column(interval.flows) { $0.value.tcp_flags }
        column(interval.flows) { UInt64($0.value.min_ttl) | UInt64($0.value.max_ttl) << 8 }
        plain.append(varint: UInt64(interval.counters.count))
        column(interval.counters) { $0.interface }
        column(interval.counters) { UInt64($0.kind.rawValue) | UInt64($0.direction.rawValue) << 8 }
        column(interval.counters) { $0.value }
        column(interval.counters) { $0.frames }
        column(interval.counters) { $0.bytes }
        out.count = 0
        out.append(UInt32(plain.count))
        compressor.compress(plain.bytes, to: out)
    }

    private func append(addressesOf flow: FlowRecord) {
        let length = flow.isIPv4 ? 4 : 16
        plain.append(flow.key.network)
        withUnsafeBytes(of: flow.key) { key in
            plain.append(UnsafeRawBufferPointer(rebasing: key[..<length]))
            plain.append(UnsafeRawBufferPointer(rebasing: key[16..<16 + length]))
        }
    }

    private func column<Element>(_ elements: [Element], _ value: (Element) -> some FixedWidthInteger) {
        for element in elements { plain.append(varint: UInt64(truncatingIfNeeded: value(element))) }
    }
}

extension ByteBuffer {
    /// LEB128: seven bits a byte, the least first.
    func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

extension UInt64 {
    /// A signed number whose small values of either sign are small.
    var zigzag: UInt64 {
        let signed = Int64(bitPattern: self)
        return UInt64(bitPattern: (signed << 1) ^ (signed >> 63))
    }

    /// The number that `zigzag` was made of.
    var unzigzag: Int64 { Int64(bitPattern: self >> 1) ^ -Int64(bitPattern: self & 1) }
}
