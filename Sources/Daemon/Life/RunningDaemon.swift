internal import Capture
internal import Glibc
internal import Logging
internal import Records
internal import Store
internal import Wire

/// The parts of the daemon, put together as in docs/architecture.md: rings → drain thread → store thread → queries.
final class RunningDaemon {
    private let log: Logger
    private let pipeline: Pipeline
    private let capture: Capture
    private let drain: DrainLoop
    private let accountant: Accountant
    private let administration: Administration
    private let server: Server
    private let threads: (drain: Thread, store: Thread, watch: Thread)
    private let watch: Watch

    /// Chunks on their way between the threads: 16 MiB.
    private static let chunks = 16
    private static let chunkBytes = 1 << 20

    /// Starts everything; what has been started is stopped again when a later part fails.
    /// - Parameter path: the file that a reload reads; nil for the default one.
    init(_ loaded: LoadedConfiguration, path: String?, _ log: Logger) throws {
        let configuration = loaded.configuration
        let directory = Self.directory(configuration.storage)
        let began = Clock.wall
        ServiceManager.starting()
        let keepsakes = ServiceManager.keepsakes
        let tail = TailMemory.take(from: keepsakes)
        let capture = try Capture(
            ringMemory: configuration.capture.ringMemory.bytes, flowMemory: configuration.capture.flowMemory.bytes,
            settings: CaptureSettings(configuration), inherited: keepsakes.filter { !TailMemory.isOne($0) })
        let (writer, report) = try StoreWriter.open(
            directory: directory, limits: StoreLimits(configuration.storage), counting: capture.identifier,
            memory: tail?.descriptor, now: Clock.wall)
        Self.tell(report, log)
        let flows = try FlowWriter(
            directory: directory, limits: StoreLimits(flows: configuration.storage),
            wasClosed: report.gap?.reason != .crashed, now: Clock.wall)
        let store = writer.reader
        let pipeline = Pipeline(chunks: Self.chunks, bytes: Self.chunkBytes)
        let interfaces = Interfaces(
            capture, pipeline, configuration.capture, DescriptorStore(inherited: keepsakes, always: tail), log)
        let drain = DrainLoop(capture, pipeline)
        let accountant = Accountant(
            capture, drain, store, FlowReader(directory: directory), pipeline, directory: directory,
            refused: interfaces.refused, log)
        watch = Watch(
            drain, interfaces, accountant, interval: configuration.capture.flowInterval.nanoseconds, log)
        administration = Administration(loaded, path: path, capture, pipeline, watch, log)
        // Before anybody can ask.
        interfaces.update()
        capture.finishTakeover(of: Interfaces.presentIndices)
        if capture.losesInheritance {
            log.tell(.layoutChanged, "the version before left counters and headers that this one cannot read")
            pipeline.send(.gap(Store.Gap(from: report.gap?.to ?? began, to: Clock.wall, reason: .notRunning)))
        }
        accountant.begin(report)
        do {
            let service = Service(accountant, store, FlowReader(directory: directory), administration)
            server = try Self.listen(configuration.socket, service)
        } catch {
            writer.close(now: Clock.wall)
            throw error
        }
        let loop = StoreLoop(writer: writer, flows: flows, pipeline: pipeline, log: log)
        threads = (
            Thread("drain") { drain.run() }, Thread("store") { loop.run() },
            Thread("watch", isPrivileged: true) { [watch] in watch.run() }
        )
        (self.log, self.capture, self.pipeline, self.accountant) = (log, capture, pipeline, accountant)
        self.drain = drain
    }

    /// Serves until it is told to stop, and stops.
    /// - Parameter keepsFilters: somebody removes clsact filters if no process follows.
    func serve(keepsFilters: Bool) {
        ServiceManager.status("Logging; the first rate follows")
        ServiceManager.ready()
        log.tell(.ready, "ready")
        while Signals.next() == SIGHUP { try? administration.reload() }  // it has told the log why not
        ServiceManager.stopping()
        stop(keepsFilters: keepsFilters && ServiceManager.isPresent)
        log.tell(.stopped, "stopped")
        JournalLogHandler.tellSums(now: .max)
    }

    /// Under systemd the programs stay, for a process that may follow at once; it detaches them when none does. Otherwise
    /// they go first, so that what is stored last was seen last.
    private func stop(keepsFilters: Bool) {
        server.stop()
        watch.end()
        threads.watch.join()
        if !ServiceManager.isPresent {
            for index in capture.attached.keys { capture.detach(interface: index) }
        }
        accountant.endInterval()
        drain.end()
        threads.drain.join()
        pipeline.end()
        threads.store.join()
        capture.letGo(keepsFilters: keepsFilters)
    }

    private static func listen(_ socket: Configuration.SocketSection, _ service: Service) throws -> Server {
        let group = getgrnam(socket.group)?.pointee.gr_gid
        let listener: Listener =
            ServiceManager.listeningSocket.map { .inherited($0) } ?? .path(socket.path, mode: 0o660, group: group)
        var limits = ServerLimits()
        limits.clients = socket.maxClients
        return try Server(
            listener, service: service, info: ServiceInfo(version: Version.current),
            policy: AccessPolicy(readers: group, owner: geteuid()), limits: limits)
    }

    /// Where segments are kept: as configured, else as systemd says, else the usual place.
    private static func directory(_ storage: Configuration.StorageSection) -> String {
        if !storage.directory.isEmpty { return storage.directory }
        let given = getenv("STATE_DIRECTORY").map { String(cString: $0) } ?? ""
        return given.split(separator: ":").first.map { String($0) } ?? "/var/lib/hdrlog"
    }

    private static func tell(_ report: RecoveryReport, _ log: Logger) {
        for segment in report.setAside {
            log.tell(
                .segmentDamaged, "segment \(segment.name) set aside: \(segment.reason)",
                [.segment: segment.name, .reason: segment.reason])
        }
        if report.refused > 0 {
            log.tell(
                .tailRefused, "\(report.refused) records in memory belong to a log in another directory and are lost",
                [.count: report.refused])
        }
        if report.recovered > 0 {
            log.tell(
                .recovered, "\(report.recovered) records recovered from an unfinished block", [.count: report.recovered]
            )
        }
    }
}

extension CaptureSettings {
    init(_ configuration: Configuration) {
        self.init()
        samplingRate = configuration.capture.samplingRate
        firstPackets = configuration.capture.firstPackets
        headerBudget = configuration.capture.headerBudget
        rules = configuration.rules
        kept = []
        if configuration.capture.alwaysKeep.contains("tcp-edges") { kept.insert(.tcpEdges) }
        if configuration.capture.alwaysKeep.contains("icmp-errors") { kept.insert(.icmpErrors) }
        if configuration.capture.alwaysKeep.contains("malformed") { kept.insert(.malformed) }
    }
}

extension StoreLimits {
    init(_ section: Configuration.StorageSection) {
        self.init()
        maxUse = Int64(section.maxUse.bytes)
        keepFree = Int64(section.keepFree.bytes)
        maxAge = section.maxAge.nanoseconds
        segmentMaxSize = Int64(section.segmentMaxSize.bytes)
        segmentMaxAge = section.segmentMaxAge.nanoseconds
        flushInterval = section.flushInterval.nanoseconds
        syncInterval = section.syncInterval.nanoseconds
    }

    /// Of flows and counters: a share of the whole, and what is not set for them is as for headers.
    init(flows section: Configuration.StorageSection) {
        self.init(section)
        maxUse = min(Int64(section.flowMaxUse.bytes), maxUse / 4)
        if section.flowKeepFree.bytes > 0 { keepFree = Int64(section.flowKeepFree.bytes) }
        if section.flowMaxAge.nanoseconds > 0 { maxAge = section.flowMaxAge.nanoseconds }
        if section.flowSegmentMaxSize.bytes > 0 { segmentMaxSize = Int64(section.flowSegmentMaxSize.bytes) }
        segmentMaxSize = min(segmentMaxSize, maxUse / 4)
        if section.flowSegmentMaxAge.nanoseconds > 0 { segmentMaxAge = section.flowSegmentMaxAge.nanoseconds }
    }
}
