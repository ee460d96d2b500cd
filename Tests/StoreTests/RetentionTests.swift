import Testing

@testable import Store

@Suite("Retention")
struct RetentionTests {
    private func segments(_ count: Int, bytes: Int64 = 10) -> [SegmentInfo] {
        (0..<count).map { index in
            let state: SegmentInfo.State = index == count - 1 ? .running : .sealed
            var info = SegmentInfo(name: "\(index)", start: Int64(index) * 100, state: state)
            info.bytes = bytes
            info.records = 1
            return info
        }
    }

    private func plan(_ count: Int, needed: Int64 = 0, now: Int64 = 0, _ change: (inout StoreLimits) -> Void)
        -> [Retention.Action]
    {
        var limits = StoreLimits()
        (limits.maxUse, limits.keepFree, limits.segmentMaxAge, limits.segmentMaxSize) = (0, 0, 0, 0)
        change(&limits)
        let situation = Retention.Situation(
            segments: segments(count), used: Int64(count) * 10, needed: needed, free: 100, now: now)
        return Retention.plan(situation, limits)
    }

    @Test("nothing happens within the limits")
    func nothing() { #expect(plan(5) { $0.maxUse = 50 }.isEmpty) }

    @Test("the oldest go until what is about to be written fits")
    func budget() { #expect(plan(5, needed: 15) { $0.maxUse = 50 } == [.delete(0), .delete(1)]) }

    @Test("the running segment is never deleted, but ended when only it is left to give space")
    func running() { #expect(plan(2, needed: 50) { $0.maxUse = 50 } == [.delete(0), .rotate]) }

    @Test("space that others need on the file system is given back")
    func keepFree() { #expect(plan(5) { $0.keepFree = 105 } == [.delete(0)]) }

    @Test("segments whose last record is too old go")
    func age() { #expect(plan(5, now: 250) { $0.maxAge = 100 } == [.delete(0), .delete(1)]) }

    @Test("the running segment ends by its age")
    func rotation() { #expect(plan(3, now: 300) { $0.segmentMaxAge = 100 } == [.rotate]) }
}
