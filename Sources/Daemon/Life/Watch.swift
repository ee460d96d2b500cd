internal import Logging
internal import Wire

/// Once a second: interfaces that come and go, counters, systemd's status line and watchdog.
final class Watch: Sendable {
    private struct State {
        var isEnded = false
        var capture: Configuration.CaptureSection?
    }

    private let drain: DrainLoop
    private let interfaces: Interfaces
    private let accountant: Accountant
    private let log: Logger
    private let state = Monitor(State())

    init(_ drain: DrainLoop, _ interfaces: Interfaces, _ accountant: Accountant, _ log: Logger) {
        self.drain = drain
        self.interfaces = interfaces
        self.accountant = accountant
        self.log = log
    }

    func end() { state.update { $0.isEnded = true } }

    /// Takes another capture section over, soon.
    func reconfigure(_ capture: Configuration.CaptureSection) { state.update { $0.capture = capture } }

    func run() {
        var rounds = -1
        while true {
            let event: State? = state.wait(timeout: 500_000_000) { state in
                guard state.isEnded || state.capture != nil else { return nil }
                defer { state.capture = nil }
                return state
            }
            if event?.isEnded == true { return }
            if let section = event?.capture { interfaces.configure(section) } else { interfaces.update() }
            // The watchdog is fed by progress of the drain loop, not by this thread's own.
            if drain.rounds != rounds { ServiceManager.watchdog() }
            rounds = drain.rounds
            report()
        }
    }

    private func report() {
        guard let status = try? accountant.status() else { return }
        let rate = status.interfaces.reduce(0) { $0 + $1.framesPerSecond }
        let names = Set(status.interfaces.map(\.name)).sorted().joined(separator: ", ")
        let sums = status.consistent ? "" : "; the counters do not add up"
        ServiceManager.status("\(Int(rate)) frames/s on \(names.isEmpty ? "no interface" : names)\(sums)")
    }
}
