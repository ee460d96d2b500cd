internal import BPF
internal import CHdrlog
internal import Records
internal import Synchronization

/// The rings of all CPUs and their one reader.
///
/// Also counts the records it hands on, by slot and bank, so that each generation can be accounted for exactly.
final class RingSet<Ring: ReadableRing>: @unchecked Sendable {
    private let rings: UnsafeMutableBufferPointer<Ring>
    /// Which slot an interface counts in, by index modulo HDRLOG_PORTS.
    private let slots: UnsafeMutableBufferPointer<UInt16>
    private let drained: UnsafeMutableBufferPointer<UInt64>
    private let stride: Int
    /// Bytes of each ring.
    let size: Int
    private let emptied = Atomic<Int>(0)
    /// The ring to begin with: another one each time, so that one busy CPU does not starve the others.
    private var first = 0
    private var wasEmptied = false

    /// - Parameters:
    ///   - size: bytes of each ring.
    ///   - slots: of all banks together.
    init(_ rings: [Ring], size: Int, slots count: Int) {
        self.rings = .allocate(capacity: rings.count)
        _ = self.rings.initialize(fromContentsOf: rings)
        self.size = size
        slots = .allocate(capacity: Int(HDRLOG_PORTS))
        slots.initialize(repeating: 0)
        drained = .allocate(capacity: count)
        drained.initialize(repeating: 0)
        stride = count / Int(HDRLOG_BANKS)
    }

    deinit {
        rings.deinitialize()
        rings.deallocate()
        slots.deallocate()
        drained.deallocate()
    }

    func setSlot(_ slot: UInt16, of interface: UInt32) { slots[Int(interface) % slots.count] = slot }

    var passes: Int { emptied.load(ordering: .acquiring) }

    /// A pass counts when the next one begins: what it brought has been handed on by then.
    func drain(into chunk: RecordChunk) -> Bool {
        if wasEmptied { emptied.add(1, ordering: .releasing) }
        wasEmptied = false
        first = first + 1 < rings.count ? first + 1 : 0
        for step in rings.indices {
            let ring = first + step < rings.count ? first + step : first + step - rings.count
            guard rings[ring].drain({ record in take(record, into: chunk) }) else { return false }
        }
        wasEmptied = true
        return true
    }

    @inline(__always)
    private func take(_ record: UnsafeRawBufferPointer, into chunk: RecordChunk) -> Bool {
        guard chunk.append(record) else { return false }
        let prefix = record.baseAddress!.assumingMemoryBound(to: hdrlog_record.self)
        let slot = Int(slots[Int(prefix.pointee.ifindex) & (slots.count - 1)]) + Int(prefix.pointee.direction & 1)
        drained[Int(prefix.pointee.generation & 1) * stride + slot] &+= 1
        return true
    }

    /// Records of a frozen generation that were handed on; starts anew at zero.
    func takeDrained(slot: Int, bank: Int) -> UInt64 {
        defer { drained[bank * stride + slot] = 0 }
        return drained[bank * stride + slot]
    }
}

extension RingSet where Ring == RecordRing {
    /// - Parameter count: slots of all banks together.
    convenience init(positions map: Map, pieces: Map, slots count: Int) throws(BPFError) {
        let size = pieces.entries / Map.processors * Int(HDRLOG_RING_PIECE)
        let positions = try map.shared(as: hdrlog_ring.self, count: Map.processors)
        let bytes = try pieces.shared(as: UInt8.self, count: size * Map.processors)
        let rings = (0..<Map.processors).map { processor in
            let own = UnsafeRawBufferPointer(start: bytes + processor * size, count: size)
            return RecordRing(position: positions + processor, bytes: own)
        }
        self.init(rings, size: size, slots: count)
    }

    /// See `Capture.setAsleep`.
    func setAsleep(_ isAsleep: Bool) { for ring in rings { ring.setAsleep(isAsleep) } }
}
