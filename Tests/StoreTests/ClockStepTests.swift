import CHdrlog
import Foundation
import Records
import StoreFixtures
import Testing

@testable import Store

private let second: Int64 = 1_000_000_000
private let hour = 3600 * second
private let day = 24 * hour
private let year = 365 * day
private let start: Int64 = 1_700_000_000 * second

/// The wall clock is set while the log is written: forward, back, by years.
@Suite("Clock steps")
struct ClockStepTests {
    let scratch = ScratchDirectory()

    private func open(now: Int64 = start, _ change: (inout StoreLimits) -> Void = { _ in }) throws -> StoreWriter {
        var limits = StoreLimits()
        (limits.keepFree, limits.blockRecords) = (0, 1000)
        change(&limits)
        return try StoreWriter.open(directory: scratch.path, limits: limits, interfaces: [2: "eth0"], now: now).writer
    }

    /// 100 records of the second before `now`, as they come from the rings under a clock that shows this.
    private func append(_ writer: StoreWriter, at now: Int64, boot: Int64) {
        let chunk = RecordChunk(capacity: 1 << 16)
        for index in 0..<100 {
            var record = hdrlog_record()
            record.boot_ns = UInt64(boot - second + Int64(index))
            (record.ifindex, record.frame_length, record.rate, record.segments, record.captured) = (2, 60, 1, 1, 14)
            let bytes = withUnsafeBytes(of: record) { Array($0) } + [UInt8](repeating: 2, count: 12) + [0x88, 0xB5]
            bytes.withUnsafeBytes { #expect(chunk.append($0)) }
        }
        chunk.clockOffset = now - boot
        writer.append(chunk, now: now)
        writer.tick(now: now)
    }

    @Test(
        "records before and after each step are stored once, in their own time, and found there",
        arguments: [
            [0, 2 * hour, -3 * hour, 2 * year, -2 * year + hour], [0, -year, year, -second, second],
        ])
    func steps(_ steps: [Int64]) throws {
        let writer = try open()
        var (clock, boot) = (start, 1000 * second)
        var times: [Int64] = []
        for step in steps {
            (clock, boot) = (clock + step + 10 * second, boot + 10 * second)
            append(writer, at: clock, boot: boot)
            times.append(clock)
        }
        #expect(try writer.reader.statistics().blocks >= 3)  // a step begins a new one
        writer.close(now: clock)
        let reader = StoreReader(directory: scratch.path)
        #expect(try reader.rows().count == 100 * steps.count)
        for time in times {
            var query = Query()
            query.range = (time - second)..<time
            #expect(try reader.rows(query).count == 100)
        }
        let all = try reader.rows().map(\.time)
        #expect(all == all.sorted())
        let next = try open(now: clock + second)
        #expect(try next.reader.rows().count == 100 * steps.count)
        next.close(now: clock + second)
    }

    @Test("a step forward by years deletes nothing for a day, and what is old by then goes")
    func age() throws {
        let writer = try open { ($0.maxAge, $0.segmentMaxAge) = (7 * day, hour) }
        var boot = 1000 * second
        for index in 0..<5 {
            append(writer, at: start + Int64(index) * hour, boot: boot)
            boot += hour
        }
        let leapt = start + 5 * hour + 10 * year
        append(writer, at: leapt, boot: boot)
        #expect(try writer.reader.rows().count == 600)
        for hours in 1...23 { writer.tick(now: leapt + Int64(hours) * hour) }
        append(writer, at: leapt + 23 * hour, boot: boot + 23 * hour)
        #expect(try writer.reader.rows().count == 700)
        writer.tick(now: leapt + 24 * hour)
        append(writer, at: leapt + 25 * hour, boot: boot + 25 * hour)
        #expect(try writer.reader.rows().allSatisfy { $0.time > leapt - hour })
        writer.close(now: leapt + 25 * hour)
    }

    @Test("a clock that is wrong when the daemon starts, and right again within a day, costs nothing")
    func wrongStart() throws {
        let first = try open { $0.maxAge = 7 * day }
        append(first, at: start, boot: 1000 * second)
        first.close(now: start)
        let next = try open(now: start + 10 * year) { $0.maxAge = 7 * day }
        append(next, at: start + 10 * year, boot: 10 * second)
        append(next, at: start + hour, boot: 20 * second)
        #expect(try next.reader.rows().count == 300)
        next.close(now: start + hour)
    }

    @Test("ages go on by the clock before, and follow a step back at once")
    func ageClock() {
        var clock = AgeClock(last: 0)
        #expect(clock.time(at: hour / 2) == hour / 2)
        #expect(clock.time(at: hour / 2 + year) == hour / 2)
        #expect(clock.time(at: hour / 2 + year + second) == hour / 2 + second)
        #expect(clock.time(at: hour) == hour)
        #expect(clock.time(at: hour + year) == hour)
        #expect(clock.time(at: hour + 2 * year) == hour)
        var slow = AgeClock(last: nil)
        #expect(slow.time(at: year) == year)
        _ = slow.time(at: 2 * year)
        for step in 1..<24 { #expect(slow.time(at: 2 * year + Int64(step) * hour) == year + Int64(step) * hour) }
        #expect(slow.time(at: 2 * year + day) == 2 * year + day)
    }

    @Test("an interval in which the clock went back is kept, and its questions are answered")
    func flows() throws {
        let writer = try FlowWriter(directory: scratch.path, limits: StoreLimits(), now: start)
        for (from, to) in [(start, start + second), (start + second, start - day), (start - day, start - day + second)]
        {
            writer.append(
                FlowInterval(
                    from: from, to: to, names: [1: "x"],
                    counters: [CounterSample(interface: 1, direction: .ingress, kind: .seen, frames: 1, bytes: 9)]),
                now: to)
        }
        let answer = try FlowReader(directory: scratch.path).counters(CounterQuery())
        #expect(answer.totals.map(\.frames) == [3])
        #expect(answer.covered == (start - day)...(start + second))
        writer.close(now: start)
    }
}
