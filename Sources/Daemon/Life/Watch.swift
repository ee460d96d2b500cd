internal import Logging
internal import Wire

/// At once: interfaces that come and go. Once a second: systemd's watchdog and the budget of headers. Once an interval:
/// flows, counters and the status line.
final class Watch: Sendable {
    private struct State {
        var isEnded = false
        var capture: Configuration.CaptureSection?
        /// What the status line says beside the rate.
        var trouble: String?
    }

    /// Milliseconds: a second, or half of what systemd's watchdog waits, if that is less.
    private let round = min(1000, Int32(clamping: (ServiceManager.watchdogInterval ?? .max) / 2000))

    /// Rounds after which the interfaces are looked at even if nothing was told of them.
    private static let mostUnseen = 10

    private let drain: DrainLoop
    private let interfaces: Interfaces
    private let accountant: Accountant
    private let log: Logger
    private let state = Monitor(State())
    private let interval: Monitor<Int64>
    private let events = LinkEvents()

    /// - Parameter interval: nanoseconds between two intervals of flows and counters.
    init(_ drain: DrainLoop, _ interfaces: Interfaces, _ accountant: Accountant, interval: Int64, _ log: Logger) {
        self.interval = Monitor(interval)
        self.drain = drain
        self.interfaces = interfaces
        self.accountant = accountant
        self.log = log
    }

    func end() {
        state.update { $0.isEnded = true }
        events.ring()
    }

    /// Takes another capture section over, soon.
    func reconfigure(_ capture: Configuration.CaptureSection) {
        interval.withLock { $0 = capture.flowInterval.nanoseconds }
        state.update { $0.capture = capture }
        events.ring()
    }

    /// Shows in the status line what is wrong until it is told nil.
    func show(trouble: String?) { state.update { $0.trouble = trouble } }

    func run() {
        var rounds = -1
        var due = Clock.boot
        var latest: [InterfaceStatus] = []
        var told: String?
        var unseen = 0
        while true {
            let isChanged = events.wait(timeout: round)
            let event = state.withLock { state in
                defer { state.capture = nil }
                return state
            }
            if event.isEnded { return }
            if let section = event.capture { interfaces.configure(section) }
            unseen += 1
            if isChanged || event.capture != nil || interfaces.isUnsettled || unseen == Self.mostUnseen {
                unseen = 0
                if interfaces.update() { due = Clock.boot }
            }
            // The watchdog is fed by progress of the drain loop, not by this thread's own.
            if drain.rounds != rounds { ServiceManager.watchdog() }
            rounds = drain.rounds
            accountant.keepBudget()
            JournalLogHandler.tellSums(now: Clock.boot)
            var isNew = false
            // Other settings come into force with the next generation: at once.
            if event.capture != nil || Clock.boot >= due {
                due = Clock.boot + interval.withLock { $0 }
                let entries = accountant.endInterval()
                isNew = entries != nil
                latest = entries ?? latest
            }
            let trouble = state.withLock { $0.trouble }
            if isNew || trouble != told { report(latest, trouble) }
            told = trouble
        }
    }

    private func report(_ interfaces: [InterfaceStatus], _ trouble: String?) {
        let rate = interfaces.reduce(0) { $0 + $1.framesPerSecond }
        let names = Set(interfaces.map(\.name)).sorted().joined(separator: ", ")
        let isConsistent = interfaces.allSatisfy { $0.identities.allSatisfy(\.holds) }
        let sums = isConsistent ? "" : "; the counters do not add up"
        let trouble = trouble.map { "; \($0)" } ?? ""
        ServiceManager.status("\(Int(rate)) frames/s on \(names.isEmpty ? "no interface" : names)\(sums)\(trouble)")
    }
}
