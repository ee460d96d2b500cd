import CHdrlog
import Capture
import Foundation
import Records
import Testing

@Suite("A budget of headers a second")
struct HeaderBudgetTests {
    /// What is kept of so many packets a second when one in `thinning` is.
    private func run(_ budget: inout HeaderBudget, offered: Int, seconds: Int) -> [Int] {
        (0..<seconds).map { _ in
            let kept = offered / budget.thinning
            _ = budget.update(kept: UInt64(kept), seconds: 1)
            return kept
        }
    }

    @Test("one second above the budget is enough to come below it, and it stays there")
    func thins() {
        for offered in [1001, 1500, 10_000, 1_500_000, 20_000_000] {
            var budget = HeaderBudget(limit: 1000)
            let kept = run(&budget, offered: offered, seconds: 20)
            #expect(kept.dropFirst().allSatisfy { $0 <= 1000 && $0 >= 400 }, "\(offered): \(kept)")
            #expect(Set(kept.dropFirst(2)).count == 1, "steady traffic is thinned steadily: \(kept)")
        }
    }

    @Test("when the burst is over, everything is kept again")
    func recovers() {
        var budget = HeaderBudget(limit: 1000)
        _ = run(&budget, offered: 1_000_000, seconds: 5)
        #expect(budget.thinning == 1000)
        _ = run(&budget, offered: 500, seconds: 11)
        #expect(budget.thinning == 1)
    }

    @Test("what fits is never thinned, and silence changes nothing")
    func fits() {
        var budget = HeaderBudget(limit: 1000)
        for (kept, seconds) in [(UInt64(1000), 1.0), (0, 1), (500, 0)] {
            let changed = budget.update(kept: kept, seconds: seconds)
            #expect(!changed)
        }
        #expect(budget.thinning == 1)
    }

    @Test(
        "live frames above the budget are thinned, and their totals are still estimated",
        .enabled(if: isRoot, "needs root"))
    func live() throws {
        let network = try TestNetwork()
        let capture = try Capture(ringMemory: 16 << 20)
        let device = try network.inside { try #require(Device(named: "logged")) }
        try network.inside { try capture.attach(device, hook: .native, directions: [.ingress]) }
        let chunk = RecordChunk(capacity: 1 << 22)
        var (records, estimate, last) = (0, 0, InterfaceCounters())
        func count(_ record: borrowing HeaderRecord) {
            records += 1
            estimate += Int(record.metadata.rate)
        }
        func drain() {
            chunk.removeAll()
            _ = capture.drain(into: chunk)
            chunk.forEach(count)
        }
        var budget = HeaderBudget(limit: 1000)
        // Bursts stand for seconds: the controller is told how long they were.
        var kept: [Int] = []
        for _ in 0..<4 {
            (records, estimate) = (0, 0)
            try network.generate(100_000)
            let snapshot = try capture.snapshot {
                drain()
                return true
            }
            let counters = try #require(snapshot?.first).counters
            #expect(counters.sampled - last.sampled == UInt64(records))
            kept.append(records)
            // Standard deviation of the estimate: sqrt(n (rate - 1)).
            let rate = Double(capture.settings.thinning)
            #expect(abs(Double(estimate) - 100_000) <= 5 * (100_000 * (rate - 1)).squareRoot())
            _ = budget.update(kept: counters.sampled - last.sampled, seconds: 1)
            capture.setThinning(budget.thinning)
            last = counters
        }
        #expect(kept.first == 100_000)
        #expect(kept.dropFirst().allSatisfy { (800...1200).contains($0) }, "\(kept)")
    }
}
