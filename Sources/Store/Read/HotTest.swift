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
    func holds(_ hot: HotBlock, _ index: Int) -> Bool {
        let value = UInt64(column == .flags ? hot.flags[index] : hot.lengths[index]) & test.mask
        return (value >= test.bounds.lowerBound && value <= test.bounds.upperBound) != test.outside
    }
}
