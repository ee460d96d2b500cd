internal import Filter
internal import Records

/// A comparison that a hot column answers by itself.
struct HotTest {
    enum Column { case flags, frameLength }

    let column: Column
    private let test: FieldTest

    /// The tests that a filter amounts to; nil when other columns or the headers are needed.
    static func all(of filter: CompiledFilter) -> [HotTest]? {
        if filter.isAlwaysTrue { return [] }
        guard let tests = filter.conjunction else { return nil }
        let known = tests.compactMap(HotTest.init)
        return known.count == tests.count ? known : nil
    }

    private init?(_ test: FieldTest) {
        switch test.field {
        // The column has eight of the twelve flags.
        case .tcpFlags where test.mask <= 0xFF: column = .flags
        case .frameLength: column = .frameLength
        default: return nil
        }
        self.test = test
    }

    @inline(__always)
    func holds(_ value: UInt64) -> Bool {
        let masked = value & test.mask
        return (masked >= test.bounds.lowerBound && masked <= test.bounds.upperBound) != test.outside
    }

    @inline(__always)
    func holds(_ hot: HotBlock, _ index: Int) -> Bool {
        holds(UInt64(column == .flags ? hot.flags[index] : hot.lengths[index]))
    }

    /// What of a block has to be prepared.
    var part: HotBlock.Part { column == .flags ? .flags : .lengths }

    /// Whether records without TCP, whose flags are 0 in the column, fail.
    var refusesZeroFlags: Bool { column == .flags && !holds(0) }

    /// Clears the marks of records that fail.
    func mark(_ hot: HotBlock, _ records: Range<Int>, _ marks: UnsafeMutablePointer<UInt8>) {
        guard column == .flags else {
            for index in records where !holds(UInt64(hot.lengths[index])) { marks[index] = 0 }
            return
        }
        let flags = hot.flags
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { table in
            let table = table.baseAddress!
            for value in 0..<256 { table[value] = holds(UInt64(value)) ? 1 : 0 }
            for index in records { marks[index] &= table[Int(flags[index] & 0xFF)] }
        }
    }
}
