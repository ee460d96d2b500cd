internal import CHdrlog

/// Counts records by interface, direction and generation; neighbours mostly come from the same.
struct RecordCount {
    struct Key: Hashable {
        var source: StoreStatistics.Source
        /// Low 8 bits.
        var generation: UInt8
    }

    private var keys: [Key] = []
    private var counts: [UInt64] = []
    private var at = -1

    @inline(__always)
    mutating func add(_ record: borrowing hdrlog_record) {
        if at >= 0, keys[at].source.interface == record.ifindex, keys[at].generation == record.generation,
            keys[at].source.direction == record.direction
        {
            counts[at] &+= 1
        } else {
            let source = StoreStatistics.Source(interface: record.ifindex, direction: record.direction)
            add(Key(source: source, generation: record.generation))
        }
    }

    private mutating func add(_ key: Key) {
        if let found = keys.firstIndex(of: key) {
            at = found
            counts[at] &+= 1
        } else {
            at = keys.count
            keys.append(key)
            counts.append(1)
        }
    }

    /// Adds a stretch of the records of a block that is being filled.
    mutating func add(_ run: RecordRun, _ range: Range<Int>) {
        for index in range { add(run.metadata(at: index)) }
    }

    mutating func forget(_ interface: UInt32) {
        for index in keys.indices where keys[index].source.interface == interface { counts[index] = 0 }
    }

    var entries: [(key: Key, count: UInt64)] { Array(zip(keys, counts)) }
}
