import Testing

@testable import Daemon

@Suite("How often the rings are looked at")
struct DrainPaceTests {
    private static let ring = 8 << 20

    @Test("rarely while little comes, as often as ever while much does")
    func ends() {
        var pace = DrainPace(ring: Self.ring)
        #expect(pace.next(drained: 0) == 40_000)
        #expect(pace.next(drained: 100_000) == 40_000)
        #expect(pace.next(drained: Self.ring) == 10_000)
        #expect(pace.next(drained: Self.ring / 4) == 10_000)
        #expect(pace.next(drained: 0) == 40_000)
    }

    @Test("once nothing came twice, the first record is waited for")
    func sleeps() {
        var pace = DrainPace(ring: Self.ring)
        #expect(pace.next(drained: 100) == 40_000)
        #expect(!pace.isQuiet)
        #expect(pace.next(drained: 0) == 40_000)
        #expect(pace.isQuiet)
        #expect(pace.next(drained: 0) == 400_000)
        #expect(pace.next(drained: 0) == 400_000)
        #expect(pace.next(drained: 100) == 40_000)
        #expect(!pace.isQuiet)
    }

    @Test("a steady rate is looked at in a steady rhythm; a sixteenth of a ring waits at the most", arguments: 1...25)
    func steady(megabytesPerSecond: Int) {
        var pace = DrainPace(ring: Self.ring)
        var pause = pace.pause
        var before = pause
        for _ in 0..<10 {
            before = pause
            pause = pace.next(drained: megabytesPerSecond * Int(pause))
        }
        #expect(abs(Int(pause) - Int(before)) <= 1)
        #expect(megabytesPerSecond * Int(pause) <= Self.ring / 16)
    }
}
