import CHdrlog
import Filter
import Foundation
import Records
import Synchronization
import Testing

@testable import BPF
@testable import Capture

@Suite("One process goes on where another one stopped", .serialized, .enabled(if: isRoot, "needs root"))
struct TakeoverTests {
    /// As systemd keeps them.
    private func kept(_ capture: Capture) -> [Keepsake] {
        capture.keepsakes.map { Keepsake(name: $0.name, descriptor: dup($0.descriptor)) }
    }

    private func snapshot(_ capture: Capture) throws -> InterfaceSnapshot {
        let all = try #require(
            try capture.snapshot {
                usleep(500)
                return true
            })
        return try #require(all.first)
    }

    /// Puts the programs on the interface, as a daemon's start does.
    private func start(
        _ network: TestNetwork, _ inherited: [Keepsake] = [], ring: Int = 16 << 20, hook: HookChoice = .native
    ) throws -> Capture {
        var settings = CaptureSettings()
        settings.rules = [Rule(match: try FilterExpression(parsing: "udp port 9"), action: .sample(rate: 2))]
        let capture = try Capture(ringMemory: ring, settings: settings, inherited: inherited)
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside { try capture.attach(device, hook: hook, directions: [.ingress]) }
        capture.finishTakeover()
        return capture
    }

    /// Lets one process follow the other while frames come, and holds what the last one tells against what was sent.
    private func relay(rings: [Int], end: (Capture) throws -> Void) throws {
        let frames: UInt64 = 2_000_000
        let network = try TestNetwork()
        var capture = try start(network)
        let identifier = capture.identifier
        var drain = AccountingTests.Drain(capture)
        let sender = Task.detached { try network.generate(Int(frames), "--rate", "400000") }
        var drained = 0
        for ring in rings {
            usleep(100_000)
            drain.stop()
            drained += drain.records
            try end(capture)
            let inherited = kept(capture)
            capture.letGo()
            capture = try start(network, inherited, ring: ring)
            drain = AccountingTests.Drain(capture)
            // Of a generation that was frozen, and of the one that ran.
            for _ in 0..<2 { _ = try snapshot(capture) }
            #expect(capture.isInheritanceAddedUp && !capture.losesInheritance && capture.identifier == identifier)
        }
        while try snapshot(capture).counters.frames < frames, !sender.isCancelled { usleep(20_000) }
        drain.stop()
        drained += drain.records
        let counters = capture.totals[0].counters
        #expect(counters.frames == frames)
        #expect(counters.frames == counters.counted + counters.sampled)
        #expect(counters.sampled == counters.drained + counters.ringLost)
        #expect(Int(counters.drained) == drained)
        #expect(counters.keyed == counters.tracked + counters.untracked)
        #expect(counters.keyed == frames)
        // The rules were in force all the time: every other header, and no more.
        #expect(abs(Double(counters.sampled) - Double(frames) / 2) < 10_000)
    }

    @Test("twenty processes, each with programs of its own, see each frame of a burst exactly once")
    func twenty() throws {
        try relay(rings: [Int](repeating: 16 << 20, count: 20)) { _ in }
    }

    @Test("a process that dies while a generation is frozen leaves it to the next one")
    func frozen() throws {
        try relay(rings: [16 << 20, 16 << 20, 16 << 20]) { $0.tables.freeze() }
    }

    @Test("a process that dies before it has emptied a bank that it added up leaves that to the next one")
    func addedUp() throws {
        try relay(rings: [16 << 20, 16 << 20, 16 << 20]) { capture in
            var counters = hdrlog_counters()
            counters.counts.frames = 4711
            let map = capture.tables.counters
            let slot = capture.tables.frozenBank * map.stride
            try withUnsafeBytes(of: counters) { one in
                let all = (0..<Map.processors).flatMap { _ in Array(one) }
                try all.withUnsafeBytes { try map.counters.write(UInt32(slot), $0) }
            }
        }
    }

    @Test("with rings of another size, what waits in the old ones is drained by the next process")
    func otherSize() throws {
        try relay(rings: [8 << 20, 32 << 20, 16 << 20]) { _ in }
    }

    @Test(
        "a version that cannot read the maps takes over the links: each frame meets one of the two, and the loss is told"
    )
    func otherHandover() throws {
        let frames: UInt64 = 1_000_000
        let network = try TestNetwork()
        let first = try start(network)
        let firstDrain = AccountingTests.Drain(first)
        let sender = Task.detached { try network.generate(Int(frames), "--rate", "400000") }
        usleep(500_000)
        let inherited = kept(first).map {
            Keepsake(
                name: $0.name.replacing("hdrlog\(HDRLOG_HANDOVER)-", with: "hdrlog\(HDRLOG_HANDOVER + 1)-"),
                descriptor: $0.descriptor)
        }
        first.letGo()
        let second = try start(network, inherited)
        let secondDrain = AccountingTests.Drain(second)
        #expect(second.losesInheritance && second.identifier != first.identifier)
        func seen() throws -> (UInt64, UInt64) {
            (try snapshot(first).counters.frames, try snapshot(second).counters.frames)
        }
        var (before, after) = try seen()
        while before + after < frames, !sender.isCancelled {
            usleep(20_000)
            (before, after) = try seen()
        }
        firstDrain.stop()
        secondDrain.stop()
        #expect(before > 0 && after > 0)
        #expect(before + after == frames)
        #expect(second.isInheritanceAddedUp)
    }

    @Test("a process that dies before it has added up what another one left in other maps leaves both to the next one")
    func diesOverTwo() throws {
        let frames: UInt64 = 500_000
        let network = try TestNetwork()
        let first = try start(network, ring: 8 << 20)
        var drains = [AccountingTests.Drain(first)]
        let sender = Task.detached { try network.generate(Int(frames), "--rate", "200000") }
        usleep(200_000)
        drains[0].stop()
        first.tables.freeze()
        usleep(100_000)
        var inherited = kept(first)
        first.letGo()
        // The last of them has no others behind it but in the third's maps.
        for ring in [16 << 20, 32 << 20] {
            let killed = try start(network, inherited, ring: ring)
            usleep(300_000)
            inherited = kept(killed)
            killed.letGo()
        }
        let held = inherited.map { Keepsake(name: $0.name, descriptor: dup($0.descriptor)) }
        let last = try start(network, inherited, ring: 32 << 20)
        drains.append(AccountingTests.Drain(last))
        #expect(last.predecessors.withLock { $0.count } == 2)
        while try snapshot(last).counters.frames < frames, !sender.isCancelled { usleep(20_000) }
        #expect(last.isInheritanceAddedUp && !last.losesInheritance)
        drains[1].stop()
        let counters = last.totals[0].counters
        #expect(counters.frames == frames && counters.keyed == frames)
        #expect(counters.keyed == counters.tracked + counters.untracked)
        #expect(Int(counters.drained) == drains[0].records + drains[1].records)
        #expect(counters.sampled == counters.drained + counters.ringLost)
        // Now that all is added up, what was before is not looked at again, even if somebody still holds it.
        let another = try start(network, held + kept(last), ring: 32 << 20)
        #expect(another.predecessors.withLock { $0.isEmpty } && another.totals[0].counters.frames == frames)
    }

    @Test("maps without a description of their types are not read")
    func noTypes() throws {
        let first = try Capture(ringMemory: 1 << 20)
        let second = try Capture(ringMemory: 1 << 20, inherited: kept(first).filter { !$0.name.contains("-types-") })
        #expect(second.losesInheritance && second.identifier != first.identifier)
    }

    @Test("maps whose values are of another size are not read, whatever their name says")
    func otherSizes() throws {
        let first = try Capture(ringMemory: 1 << 20)
        var inherited = kept(first)
        let place = try #require(inherited.firstIndex { $0.name.contains("-totals-") })
        let other = try #require(inherited.first { $0.name.contains("-ports-") })
        inherited[place] = Keepsake(name: inherited[place].name, descriptor: dup(other.descriptor))
        let second = try Capture(ringMemory: 1 << 20, inherited: inherited)
        #expect(second.losesInheritance && second.identifier != first.identifier)
        #expect(!(try Capture(ringMemory: 1 << 20, inherited: kept(first))).losesInheritance)
    }
}
