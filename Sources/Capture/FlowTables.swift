internal import BPF
internal import CHdrlog
internal import Records

/// The flow tables: one for each CPU and bank, and how full each bank is.
///
/// All tables of a bank share one limit, so that a host whose traffic arrives on one CPU can use the whole of it.
final class FlowTables: @unchecked Sendable {
    private let tables: UnsafeMutableBufferPointer<HashTable>
    private let usage: Map
    private let keys: UnsafeMutableRawBufferPointer
    private let values: UnsafeMutableRawBufferPointer
    /// Entries of all tables of a bank together, at the most.
    let limit: Int

    /// What an entry takes in the kernel: key, value and the table's own 40 bytes, in the allocator's size classes.
    private static let entryBytes = 192
    private static let batch = 4096

    /// - Parameters:
    ///   - memory: bytes for the tables of both banks together.
    ///   - map: the array of maps in which the programs find their CPU's table.
    ///   - usage: entries of each bank, as the programs count them.
    init(memory: Int, map: Map, usage: Map) throws(BPFError) {
        limit = max(1024, memory / Int(HDRLOG_BANKS) / Self.entryBytes)
        self.usage = usage
        keys = .allocate(byteCount: Self.batch * MemoryLayout<hdrlog_flow_key>.stride, alignment: 8)
        values = .allocate(byteCount: Self.batch * MemoryLayout<hdrlog_flow_value>.stride, alignment: 8)
        tables = .allocate(capacity: Int(HDRLOG_BANKS) * Map.processors)
        for index in tables.indices {
            let table = try HashTable(
                keySize: MemoryLayout<hdrlog_flow_key>.size, valueSize: MemoryLayout<hdrlog_flow_value>.size,
                entries: limit)
            try map.write(UInt32(index), table)
            tables.initializeElement(at: index, to: table)
        }
    }

    deinit {
        tables.deinitialize()
        tables.deallocate()
        keys.deallocate()
        values.deallocate()
    }

    /// Takes the flows of a frozen bank out.
    /// - Parameter clockOffset: from the kernel's coarse clock to UTC.
    func take(bank: Int, clockOffset: Int64, _ body: (FlowRecord) -> Void) throws(BPFError) {
        for processor in 0..<Map.processors {
            try tables[bank * Map.processors + processor].takeAll(keys: keys, values: values) { keys, values, count in
                let keys = keys.assumingMemoryBound(to: hdrlog_flow_key.self)
                let values = values.assumingMemoryBound(to: hdrlog_flow_value.self)
                for entry in 0..<count {
                    body(FlowRecord(key: keys[entry], value: values[entry], clockOffset: clockOffset))
                }
            }
        }
        try setEntries(0, bank: bank)
    }

    /// Entries in a bank's tables now.
    func entries(bank: Int) -> Int {
        var used = hdrlog_flow_usage()
        try? withUnsafeMutableBytes(of: &used) { bytes throws(BPFError) in try usage.read(UInt32(bank), into: bytes) }
        return Int(used.entries)
    }

    private func setEntries(_ count: UInt64, bank: Int) throws(BPFError) {
        var used = hdrlog_flow_usage()
        used.entries = count
        try withUnsafeBytes(of: used) { bytes throws(BPFError) in try usage.write(UInt32(bank), bytes) }
    }
}
