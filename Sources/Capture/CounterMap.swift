internal import BPF
internal import CHdrlog
internal import Records

/// The maps `counters` and `ports`: which slot an interface counts in, and what stands there.
struct CounterMap: Sendable {
    let counters: Map
    let ports: Map
    /// Slots of one bank.
    let stride: Int

    /// Enters an interface, or removes it when `slot` is nil.
    func setPort(_ interface: UInt32, slot: UInt16?, linkType: hdrlog_link_type) throws(BPFError) {
        var port = hdrlog_port()
        if let slot {
            port.ifindex = interface
            port.slot = slot
            port.link_type = UInt8(linkType.rawValue)
        }
        try withUnsafeBytes(of: port) { bytes throws(BPFError) in
            try ports.write(interface % UInt32(HDRLOG_PORTS), bytes)
        }
    }

    /// Calls `add` with what each CPU counted in a frozen bank, and sets it to zero.
    func take(slot: Int, bank: Int, add: (UnsafePointer<hdrlog_counters>) -> Void) {
        withValues(slot: slot, bank: bank) { index, values in
            for processor in values.indices { add(values.baseAddress! + processor) }
            let bytes = UnsafeMutableRawBufferPointer(values)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            try? counters.write(index, UnsafeRawBufferPointer(bytes))
        }
    }

    /// Headers that were sampled in a bank, which may still be in use.
    func sampled(slot: Int, bank: Int) -> UInt64 {
        var sum: UInt64 = 0
        withValues(slot: slot, bank: bank) { _, values in
            for processor in values.indices { sum += values.baseAddress![processor].sampled }
        }
        return sum
    }

    /// A copy of what stands at a place, one value a CPU; not called when it cannot be read.
    private func withValues(
        slot: Int, bank: Int, _ body: (UInt32, UnsafeMutableBufferPointer<hdrlog_counters>) -> Void
    ) {
        let index = UInt32(bank * stride + slot)
        withUnsafeTemporaryAllocation(of: hdrlog_counters.self, capacity: Map.processors) { values in
            guard (try? counters.read(index, into: UnsafeMutableRawBufferPointer(values))) != nil else { return }
            body(index, values)
        }
    }

    /// Sets an interface's counters to zero, in both banks and directions.
    func clear(slot: UInt16) {
        for bank in 0..<Int(HDRLOG_BANKS) {
            for direction in 0..<Int(HDRLOG_DIRECTIONS.rawValue) {
                take(slot: Int(slot) + direction, bank: bank) { _ in }
            }
        }
    }
}
