internal import Capture
internal import Logging
internal import Store
internal import Wire

/// What an operator may ask of a running daemon: its settings, a reload, a new segment, less on the disk.
final class Administration: Sendable {
    private let path: String?
    private let capture: Capture
    private let pipeline: Pipeline
    private let watch: Watch
    private let log: Logger
    private let inForce: Monitor<LoadedConfiguration>

    /// The store answers at the next look at its messages; a disk that hangs takes longer.
    private static let patience: Int64 = 30_000_000_000

    /// - Parameter path: the file that a reload reads; nil for the default one.
    init(
        _ loaded: LoadedConfiguration, path: String?, _ capture: Capture, _ pipeline: Pipeline,
        _ watch: Watch, _ log: Logger
    ) {
        inForce = Monitor(loaded)
        self.path = path
        self.capture = capture
        self.pipeline = pipeline
        self.watch = watch
        self.log = log
    }

    var querySettings: Configuration.QuerySection { inForce.withLock { $0.configuration.query } }

    var storage: Configuration.StorageSection { inForce.withLock { $0.configuration.storage } }

    /// Every setting with its value and where that came from.
    var settings: ConfigReply {
        let loaded = inForce.withLock { $0 }
        return ConfigReply(
            settings: Setting.all.map { setting in
                .init(
                    key: setting.name, value: setting.show(loaded.configuration),
                    origin: loaded.origins[setting.name] ?? "default")
            })
    }

    /// Reads the configuration again; a wrong one changes nothing. Two at a time wait for each other.
    func reload() throws(ServiceError) {
        ServiceManager.reloading()
        defer { ServiceManager.ready() }
        let problem: String? = inForce.withLock { current in
            do {
                let (next, waiting) = current.reloaded(with: try LoadedConfiguration.read(path: path))
                try apply(next.configuration)
                current = next
                for name in waiting { log.notice("\(name): the new value takes effect at the next start") }
                return nil
            } catch {
                return "\(error)"
            }
        }
        watch.show(trouble: problem.map { "the last reload was refused: \($0)" })
        if let problem {
            log.tell(.reloadRefused, "the configuration in force stays: \(problem)", [.reason: problem])
            throw .unavailable(problem: problem)
        }
        log.tell(.reloaded, "configuration read again")
    }

    /// What can fail comes first.
    private func apply(_ configuration: Configuration) throws(CaptureError) {
        try capture.apply(CaptureSettings(configuration))
        pipeline.send(
            .limits(StoreLimits(configuration.storage), flows: StoreLimits(flows: configuration.storage)))
        watch.reconfigure(configuration.capture)
    }

    /// Ends the running segment; it is sealed when this returns, unless a query still reads it.
    func rotate() throws(ServiceError) {
        let answer = Answer<Bool>()
        pipeline.send(.rotate(answer))
        guard answer.wait(timeout: Self.patience) != nil else {
            throw .unavailable(problem: "the store does not answer")
        }
    }

    func vacuum(_ request: VacuumRequest) throws(ServiceError) -> VacuumReply {
        guard request.bytes != nil || request.before != nil else { throw .invalidParameter("bytes") }
        guard request.bytes ?? 0 >= 0 else { throw .invalidParameter("bytes") }
        let answer = Answer<Vacuumed>()
        pipeline.send(.vacuum(size: request.bytes.map(Int64.init), before: request.before, answer))
        guard let done = answer.wait(timeout: Self.patience) else {
            throw .unavailable(problem: "the store does not answer")
        }
        return VacuumReply(segments: done.segments, bytes: Int(done.bytes))
    }
}
