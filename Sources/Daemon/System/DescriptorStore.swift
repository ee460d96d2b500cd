internal import Capture

/// What systemd holds for the next process of this service: the descriptors of maps and links, and of the tail in memory,
/// by name.
///
/// It closes them when the service stops, which detaches the programs; through a restart, and when the process is killed,
/// they stay. FileDescriptorStoreMax= in systemd.service(5).
struct DescriptorStore {
    private var kept: Set<String>
    private let always: Keepsake?

    /// - Parameters:
    ///   - inherited: what systemd holds already.
    ///   - always: what it is to hold beside all others.
    init(inherited: [Keepsake], always: Keepsake?) {
        kept = Set(inherited.map(\.name))
        self.always = always
    }

    /// Has systemd hold these, too.
    mutating func add(_ keepsakes: [Keepsake]) {
        let new = keepsakes.filter { !kept.contains($0.name) }
        guard !new.isEmpty else { return }
        for keepsake in new { ServiceManager.keep(keepsake) }
        kept.formUnion(new.map(\.name))
        ServiceManager.wait()
    }

    /// Has systemd hold these, what it always holds, and no others.
    mutating func keep(_ changing: [Keepsake]) {
        let keepsakes = changing + (always.map { [$0] } ?? [])
        let wanted = Set(keepsakes.map(\.name))
        guard wanted != kept else { return }
        add(keepsakes)
        for name in kept.subtracting(wanted) { ServiceManager.forget(name) }
        kept = wanted
        ServiceManager.wait()
    }
}
