import Capture
import Foundation
import Records
import Synchronization
import Testing

@Suite("Exact accounting in the running kernel", .serialized, .enabled(if: isRoot, "needs root"))
struct AccountingTests {
    /// Drains a capture on a thread of its own, as the daemon does, and counts what comes.
    final class Drain: @unchecked Sendable {
        private let ended = Atomic<Bool>(false)
        private let counted = Atomic<Int>(0)
        private let differing = Atomic<Int>(0)
        private let done = DispatchSemaphore(value: 0)
        private var first: [UInt8] = []

        /// Records whose header bytes are not those of the first one.
        var others: Int { differing.load(ordering: .acquiring) }
        var records: Int { counted.load(ordering: .acquiring) }

        init(_ capture: Capture) {
            Thread.detachNewThread { [self] in
                let chunk = RecordChunk(capacity: 1 << 20)
                while !ended.load(ordering: .acquiring) {
                    let emptied = capture.drain(into: chunk)
                    chunk.forEach(compare)
                    counted.add(chunk.count, ordering: .releasing)
                    chunk.removeAll()
                    if emptied { usleep(2000) }
                }
                done.signal()
            }
        }

        private func compare(_ record: borrowing HeaderRecord) {
            if first.isEmpty { first = Array(record.bytes) }
            if !record.bytes.elementsEqual(first) { differing.add(1, ordering: .releasing) }
        }

        func stop() {
            ended.store(true, ordering: .releasing)
            done.wait()
        }
    }

    private func snapshot(_ capture: Capture) throws -> [InterfaceSnapshot] {
        var tries = 0
        return try #require(
            try capture.snapshot {
                usleep(1000)
                tries += 1
                return tries < 5000
            })
    }

    @Test("a million frames at full speed are all seen, and each is drained or counted as lost")
    func burst() throws {
        let network = try TestNetwork()
        let capture = try Capture(ringMemory: 16 << 20)
        let device = try network.inside { try #require(Device(named: "logged")) }
        let hooks = try network.inside { try capture.attach(device, hook: .native, directions: [.ingress]) }
        #expect(hooks.ingress == .nativeXDP)
        let drain = Drain(capture)
        defer { drain.stop() }
        try network.generate(1_000_000)
        let counters = try #require(try snapshot(capture).first).counters
        #expect(counters.frames == 1_000_000)
        #expect(counters.sampled == 1_000_000)
        #expect(counters.drained + counters.ringLost == counters.sampled)
        #expect(Int(counters.drained) == drain.records)
        #expect(drain.others == 0, "records that lie across the end of their ring are read whole")
        #expect(counters.protocols[17].frames == 1_000_000)
        print("drained \(counters.drained), lost \(counters.ringLost)")
    }

    @Test("every generation adds up while frames come")
    func generations() throws {
        let network = try TestNetwork()
        var settings = CaptureSettings()
        settings.samplingRate = 10
        let capture = try Capture(ringMemory: 16 << 20, settings: settings)
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside { try capture.attach(device, hook: .native, directions: [.ingress]) }
        let drain = Drain(capture)
        defer { drain.stop() }
        let sender = Thread { try? network.generate(3_000_000) }
        sender.start()
        var last: UInt64 = 0
        let end = Date(timeIntervalSinceNow: 60)
        while last < 3_000_000, Date() < end {
            let counters = try #require(try snapshot(capture).first).counters
            #expect(counters.frames == counters.filtered + counters.counted + counters.sampled)
            #expect(counters.sampled == counters.drained + counters.ringLost)
            last = counters.frames
        }
        #expect(last == 3_000_000)
    }
}
