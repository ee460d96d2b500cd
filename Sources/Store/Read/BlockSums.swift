/// A block's sums by flow, or of all flows, over a stretch of its records.
final class BlockSums {
    struct Entry {
        var bytes: UInt64 = 0
        var records: UInt64 = 0
    }

    private(set) var entries: UnsafeMutablePointer<Entry>
    private(set) var count = 0
    private var capacity = 1024
    private var marks: UnsafeMutablePointer<UInt8>
    private var markCapacity = 1024

    init() {
        entries = .allocate(capacity: capacity)
        marks = .allocate(capacity: markCapacity)
    }

    deinit {
        entries.deallocate()
        marks.deallocate()
    }

    /// Makes room for a block; all sums are 0.
    func begin(_ hot: HotBlock) {
        count = hot.flowCount
        if count > capacity {
            entries.deallocate()
            capacity = count
            entries = .allocate(capacity: capacity)
        }
        entries.initialize(repeating: Entry(), count: count)
        guard hot.count > markCapacity else { return }
        marks.deallocate()
        markCapacity = hot.count
        marks = .allocate(capacity: markCapacity)
    }

    /// Takes the sums that are stored: of all records.
    func take(_ stored: SumsByFlow) {
        for flow in 0..<count {
            entries[flow] = Entry(bytes: stored.bytes(flow), records: UInt64(stored.records[flow]))
        }
    }

    /// Adds records that pass the tests to their flows.
    func add(_ hot: HotBlock, _ records: Range<Int>, _ tests: [HotTest]) {
        let (numbers, lengths, entries) = (hot.flowNumbers, hot.lengths, entries)
        if tests.isEmpty {
            for index in records {
                let flow = Int(numbers[index])
                entries[flow].records &+= 1
                entries[flow].bytes &+= UInt64(lengths[index])
            }
            return
        }
        mark(hot, records, tests)
        let marks = marks
        for index in records where marks[index] != 0 {
            let flow = Int(numbers[index])
            entries[flow].records &+= 1
            entries[flow].bytes &+= UInt64(lengths[index])
        }
    }

    /// The sum of the records that pass the tests, whatever their flows.
    func total(_ hot: HotBlock, _ records: Range<Int>, _ tests: [HotTest]) -> Entry {
        mark(hot, records, tests)
        let (marks, lengths) = (marks, hot.lengths)
        var sum = Entry()
        for index in records {
            let isMarked = UInt64(marks[index])
            sum.records &+= isMarked
            sum.bytes &+= UInt64(lengths[index]) &* isMarked
        }
        return sum
    }

    private func mark(_ hot: HotBlock, _ records: Range<Int>, _ tests: [HotTest]) {
        (marks + records.lowerBound).initialize(repeating: 1, count: records.count)
        for test in tests { test.mark(hot, records, marks) }
    }
}
