internal import Capture
internal import Glibc
internal import Logging
internal import Records

/// Keeps the programs on the configured interfaces, as interfaces come and go.
final class Interfaces: @unchecked Sendable {
    private let capture: Capture
    private let pipeline: Pipeline
    private let log: Logger
    private var configured: Configuration.CaptureSection
    private var attached: [UInt32: String] = [:]
    /// Why wanted interfaces could not be attached, by name.
    let refused = Monitor<[String: String]>([:])
    private var store: DescriptorStore
    /// Something was attached or detached since systemd was last told, or it holds what has been added up since.
    private var isChanged = true

    init(
        _ capture: Capture, _ pipeline: Pipeline, _ configured: Configuration.CaptureSection, _ store: DescriptorStore,
        _ log: Logger
    ) {
        self.store = store
        self.capture = capture
        self.pipeline = pipeline
        self.configured = configured
        self.log = log
    }

    /// Another configuration; programs move where it wants them with the next update.
    func configure(_ section: Configuration.CaptureSection) {
        let old = configured
        configured = section
        refused.update { $0 = [:] }
        for (index, name) in attached where place(of: name, in: old) != place(of: name, in: section) { detach(index) }
    }

    /// Names that are configured literally and do not exist, at boot not yet.
    private var missing: [String] {
        configured.interfaces.filter { !Self.isPattern($0) && if_nametoindex($0) == 0 }
    }

    private func refuse(_ name: String, _ reason: String) {
        let isNew = refused.withLock { $0.updateValue(reason, forKey: name) == nil }
        if isNew { log.tell(.refused, "not logged: \(reason)", [.interface: name, .reason: reason]) }
    }

    /// Some that are wanted are not logged, which trying again may help, or systemd holds what has been added up since.
    var isUnsettled: Bool { isChanged || refused.withLock { !$0.isEmpty } }

    /// Attaches to what has come, detaches from what has gone or is not wanted.
    /// - Returns: whether anything was detached: the next snapshot tells its last counters.
    @discardableResult
    func update() -> Bool {
        let before = attached.keys
        let wanted = Self.present.filter { wants($0.name, $0.flags) }.compactMap { Device(named: $0.name) }
        let missing = missing
        refused.withLock { $0 = $0.filter { name, _ in missing.contains(name) || wanted.contains { $0.name == name } } }
        for name in missing { refuse(name, "\(name): there is no such interface yet") }
        for index in attached.keys where !wanted.contains(where: { $0.index == index }) { detach(index) }
        // Whoever follows a process that is killed here needs both the maps from before and those that count from now on.
        if isChanged { store.add(capture.keepsakes) }
        for device in wanted where attached[device.index] != device.name {
            if attached[device.index] != nil { rename(device) } else { attach(device) }
        }
        let isAddedUp = capture.isInheritanceAddedUp
        if isChanged { store.keep(capture.keepsakes) }
        isChanged = !isAddedUp
        return before.contains { attached[$0] == nil }
    }

    private func attach(_ device: Device) {
        let place = place(of: device.name, in: configured)
        do {
            let hooks = try capture.attach(device, hook: place.hook, directions: place.directions)
            attached[device.index] = device.name
            refused.withLock { $0[device.name] = nil }
            isChanged = true
            pipeline.send(.interface(index: device.index, name: device.name))
            let places = [hooks.ingress.map { "in: \($0.rawValue)" }, hooks.egress.map { "out: \($0.rawValue)" }]
            let hook = places.compactMap { $0 }.joined(separator: ", ")
            log.tell(
                .attached, "\(device.name): logging, \(hook) (\(hooks.reason))",
                [.interface: device.name, .hook: hook, .reason: hooks.reason])
        } catch {
            refuse(device.name, "\(error)")
        }
    }

    private struct Place: Equatable {
        var hook: HookChoice
        var directions: Set<Direction>
    }

    /// Where programs are to sit on an interface: by the first `[[interface]]` that names it, else as for all.
    private func place(of name: String, in section: Configuration.CaptureSection) -> Place {
        let own = section.perInterface.first { fnmatch($0.match, name, 0) == 0 }
        let directions: Set<Direction> =
            switch own?.direction ?? section.direction {
            case .in: [.ingress]
            case .out: [.egress]
            case .both: [.ingress, .egress]
            }
        return Place(hook: HookChoice(rawValue: (own?.hook ?? section.hook).rawValue) ?? .auto, directions: directions)
    }

    private func rename(_ device: Device) {
        log.tell(.renamed, "\(attached[device.index] ?? ""): now called \(device.name)", [.interface: device.name])
        attached[device.index] = device.name
        pipeline.send(.interface(index: device.index, name: device.name))
    }

    private func detach(_ index: UInt32) {
        capture.detach(interface: index)
        isChanged = true
        guard let name = attached.removeValue(forKey: index) else { return }
        log.tell(.detached, "\(name): no longer logged", [.interface: name])
    }

    /// IFF_UP and IFF_LOOPBACK of netdevice(7).
    private static let up: UInt32 = 1
    private static let loopback: UInt32 = 8

    private func wants(_ name: String, _ flags: UInt32) -> Bool {
        configured.interfaces.contains { pattern in
            if pattern != "auto" { return fnmatch(pattern, name, 0) == 0 }
            return flags & Self.up != 0 && flags & Self.loopback == 0
        }
    }

    private static func isPattern(_ text: String) -> Bool { text == "auto" || text.contains { "*?[".contains($0) } }

    /// All interfaces of this network namespace.
    static var presentIndices: [UInt32] { present.map { if_nametoindex($0.name) }.filter { $0 != 0 } }

    static func name(of index: UInt32) -> String {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(index, &name) != nil else { return "interface \(index)" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// All interfaces of this network namespace with their flags.
    private static var present: [(name: String, flags: UInt32)] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [String: UInt32] = [:]
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
            guard let entry else { break }
            found[String(cString: entry.pointee.ifa_name)] = entry.pointee.ifa_flags
        }
        return found.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }
}
