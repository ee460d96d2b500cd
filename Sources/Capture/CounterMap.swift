internal import BPF
internal import CHdrlog
internal import CLinux
internal import Records

/// The maps `counters` and `ports`: which slot an interface counts in, and what stands there.
struct CounterMap: @unchecked Sendable {
    let counters: Map
    /// HDRLOG_PORTS of them, shared with the programs.
    private let ports: UnsafeMutablePointer<hdrlog_port>
    /// Slots of one bank.
    let stride: Int

    init(counters: Map, ports: Map, stride: Int) throws(BPFError) {
        self.counters = counters
        self.ports = try ports.shared(as: hdrlog_port.self, count: Int(HDRLOG_PORTS))
        self.stride = stride
    }

    /// Enters an interface, or removes it when `slot` is nil. The programs see all of it or nothing.
    func setPort(_ interface: UInt32, slot: UInt16?, linkType: hdrlog_link_type) {
        var port = hdrlog_port()
        if let slot {
            port.ifindex = interface
            port.slot = slot
            port.link_type = UInt8(linkType.rawValue)
        }
        let place = UnsafeMutableRawPointer(ports + Int(interface % UInt32(HDRLOG_PORTS)))
        hdrlog_release_u64(place.assumingMemoryBound(to: UInt64.self), unsafeBitCast(port, to: UInt64.self))
    }

    /// Who counts at an interface's place; `ifindex` is 0 for nobody.
    func port(_ interface: UInt32) -> hdrlog_port { ports[Int(interface % UInt32(HDRLOG_PORTS))] }

    /// Who counts in which slot.
    func forEachPort(_ body: (hdrlog_port) -> Void) {
        for place in 0..<Int(HDRLOG_PORTS) where ports[place].ifindex != 0 { body(ports[place]) }
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
            for processor in values.indices { sum += values.baseAddress![processor].counts.sampled }
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
