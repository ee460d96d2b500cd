internal import CHdrlog
internal import Records

/// Reads what `FlowIntervalEncoder` wrote. Damaged bytes, or those of other times, give nil, never more than they hold.
struct FlowIntervalDecoder {
    /// An interval that claims to be larger is damaged.
    private static let limit = 1 << 28

    private let decompressor = ZstdDecompressor()
    private let plain = ByteBuffer()

    func decode(_ bytes: UnsafeRawBufferPointer, from: Int64, to: Int64) -> FlowInterval? {
        var frame = ByteCursor(bytes)
        guard let size = try? frame.take(UInt32.self), size <= Self.limit,
            let packed = try? frame.take(bytes: frame.left)
        else { return nil }
        plain.count = 0
        guard decompressor.decompress(packed, count: Int(size), to: plain) else { return nil }
        var cursor = ByteCursor(plain.bytes)
        return try? interval(&cursor, from, to)
    }

    private func interval(_ cursor: inout ByteCursor, _ from: Int64, _ to: Int64) throws -> FlowInterval {
        guard try cursor.take(Int64.self) == from, try cursor.take(Int64.self) == to else {
            throw ByteCursor.Exhausted()
        }
        guard from <= to else { throw ByteCursor.Exhausted() }
        var interval = FlowInterval(from: from, to: to, names: [:])
        for _ in 0..<(try cursor.takeCount()) {
            let index = UInt32(truncatingIfNeeded: try cursor.takeVarint())
            interval.names[index] = try cursor.takeName()
        }
        interval.flows = try flows(&cursor, from)
        interval.counters = try counters(&cursor)
        return interval
    }

    private func flows(_ cursor: inout ByteCursor, _ from: Int64) throws -> [FlowRecord] {
        let empty = FlowRecord(key: hdrlog_flow_key(), value: hdrlog_flow_value(), clockOffset: 0)
        var flows = [FlowRecord](repeating: empty, count: try cursor.takeCount())
        for index in flows.indices { try addresses(&cursor, &flows[index].key) }
        try cursor.column(&flows) { $0.key.ifindex = UInt32(truncatingIfNeeded: $1) }
        try cursor.column(&flows) {
            $0.key.protocol = UInt8(truncatingIfNeeded: $1)
            $0.key.direction = UInt8(truncatingIfNeeded: $1 >> 8)
        }
        try cursor.column(&flows) { $0.key.source_port = UInt16(truncatingIfNeeded: $1) }
        try cursor.column(&flows) { $0.key.destination_port = UInt16(truncatingIfNeeded: $1) }
        try cursor.column(&flows) { $0.key.vlan = UInt16(truncatingIfNeeded: $1) }
        try cursor.column(&flows) { $0.value.frames = $1 }
        try cursor.column(&flows) { $0.value.wire_packets = $0.value.frames &+ $1 }
        try cursor.column(&flows) { $0.value.bytes = $1 }
        try cursor.column(&flows) { $0.first = from &+ $1.unzigzag }
        try cursor.column(&flows) { $0.last = $0.first &+ Int64(bitPattern: $1) }
        try cursor.column(&flows) { $0.value.tcp_flags = UInt16(truncatingIfNeeded: $1) }
        try cursor.column(&flows) {
            $0.value.min_ttl = UInt8(truncatingIfNeeded: $1)
            $0.value.max_ttl = UInt8(truncatingIfNeeded: $1 >> 8)
        }
        return flows
    }

    private func addresses(_ cursor: inout ByteCursor, _ key: inout hdrlog_flow_key) throws {
        key.network = try cursor.take(UInt8.self)
        let length = key.network == UInt8(HDRLOG_NETWORK_IPV4.rawValue) ? 4 : 16
        let (source, destination) = (try cursor.take(bytes: length), try cursor.take(bytes: length))
        withUnsafeMutableBytes(of: &key) { key in
            key[..<length].copyBytes(from: source)
            key[16..<16 + length].copyBytes(from: destination)
        }
    }

    private func counters(_ cursor: inout ByteCursor) throws -> [CounterSample] {
        let empty = CounterSample(interface: 0, direction: .ingress, kind: .seen, frames: 0)
        var counters = [CounterSample](repeating: empty, count: try cursor.takeCount())
        try cursor.column(&counters) { $0.interface = UInt32(truncatingIfNeeded: $1) }
        try cursor.column(&counters) {
            $0.kind = CounterKind(rawValue: UInt8(truncatingIfNeeded: $1)) ?? .seen
            $0.direction = Direction(rawValue: UInt8(truncatingIfNeeded: $1 >> 8)) ?? .ingress
        }
        try cursor.column(&counters) { $0.value = UInt32(truncatingIfNeeded: $1) }
        try cursor.column(&counters) { $0.frames = $1 }
        try cursor.column(&counters) { $0.bytes = $1 }
        return counters
    }
}

extension ByteCursor {
    mutating func takeVarint() throws(Exhausted) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 63, by: 7) {
            let byte = try take(UInt8.self)
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Exhausted()
    }

    /// How many elements follow: each takes a byte at least.
    fileprivate mutating func takeCount() throws(Exhausted) -> Int {
        let count = try takeVarint()
        guard count <= UInt64(left) else { throw Exhausted() }
        return Int(count)
    }

    fileprivate mutating func column<Element>(
        _ elements: inout [Element], _ set: (inout Element, UInt64) -> Void
    ) throws(Exhausted) {
        for index in elements.indices { set(&elements[index], try takeVarint()) }
    }
}
