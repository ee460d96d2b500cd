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

    /// Who counts in which slot.
    func forEachPort(_ body: (hdrlog_port) -> Void) throws(BPFError) {
        var port = hdrlog_port()
        for place in 0..<UInt32(HDRLOG_PORTS) {
            try withUnsafeMutableBytes(of: &port) { bytes throws(BPFError) in try ports.read(place, into: bytes) }
            if port.ifindex != 0 { body(port) }
        }
    }

    /// Calls `add` with what each CPU counted in a frozen bank.
    func read(slot: Int, bank: Int, add: (UnsafePointer<hdrlog_counters>) -> Void) {
        withValues(slot: slot, bank: bank) { values in
            for processor in values.indices { add(values.baseAddress! + processor) }
        }
    }

    /// Sets what was counted in a frozen bank to zero.
    func clear(slot: Int, bank: Int) {
        withUnsafeTemporaryAllocation(of: hdrlog_counters.self, capacity: Map.processors) { values in
            let bytes = UnsafeMutableRawBufferPointer(values)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            try? counters.write(UInt32(bank * stride + slot), UnsafeRawBufferPointer(bytes))
        }
    }

    /// Headers that were sampled in a bank, which may still be in use.
    func sampled(slot: Int, bank: Int) -> UInt64 {
        var sum: UInt64 = 0
        withValues(slot: slot, bank: bank) { values in
            for processor in values.indices { sum += values.baseAddress![processor].sampled }
        }
        return sum
    }

    /// A copy of what stands at a place, one value a CPU; not called when it cannot be read.
    private func withValues(slot: Int, bank: Int, _ body: (UnsafeMutableBufferPointer<hdrlog_counters>) -> Void) {
        withUnsafeTemporaryAllocation(of: hdrlog_counters.self, capacity: Map.processors) { values in
            let bytes = UnsafeMutableRawBufferPointer(values)
            guard (try? counters.read(UInt32(bank * stride + slot), into: bytes)) != nil else { return }
            body(values)
        }
    }
}
