import Foundation
import Testing

@testable import Daemon

@Suite("The log") struct LogTests {
    private static let second: Int64 = 1_000_000_000

    @Test("tells a few of a kind and sums up the rest") func sums() {
        var throttle = LogThrottle()
        let told = (0..<12).filter { throttle.admits("a", text: "no. \($0)", now: Int64($0)) }
        #expect(told == Array(0..<LogThrottle.burst))
        let early = throttle.takeSums(now: 20 * Self.second)
        #expect(early.isEmpty)
        let sums = throttle.takeSums(now: 31 * Self.second)
        #expect(sums.map(\.count) == [7] && sums.map(\.text) == ["no. 11"])
        let later = throttle.takeSums(now: 99 * Self.second)
        #expect(later.isEmpty)
    }

    @Test("holds nothing back of what comes rarely, or of another kind") func rare() {
        var throttle = LogThrottle()
        let rare = (0..<20).map { throttle.admits("a", text: "", now: $0 * 60 * Self.second) }
        let kinds = (0..<20).map { throttle.admits("kind \($0)", text: "", now: 0) }
        #expect(!rare.contains(false) && !kinds.contains(false))
    }

    @Test("events that were held back are summed up even if none follows") func late() {
        var throttle = LogThrottle()
        for _ in 0..<6 { _ = throttle.admits("a", text: "x", now: 0) }
        // The window is over, but its sum has not been told: what comes is added to it.
        let isTold = throttle.admits("a", text: "y", now: 40 * Self.second)
        let counts = throttle.takeSums(now: 40 * Self.second).map(\.count)
        let isToldAgain = throttle.admits("a", text: "z", now: 41 * Self.second)
        #expect(!isTold && counts == [2] && isToldAgain)
    }

    @Test("every message has a text in the catalog, and the catalog no others") func catalog() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let text = try String(contentsOf: root.appending(path: "systemd/hdrlog.catalog"), encoding: .utf8)
        let ids = text.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
        #expect(ids.sorted() == Event.allCases.map(\.rawValue).sorted())
    }
}
