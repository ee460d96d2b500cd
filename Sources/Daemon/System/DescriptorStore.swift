internal import Capture

/// What systemd holds for the next process of this service: the descriptors of maps and links, by name.
///
/// It closes them when the service stops, which detaches the programs; through a restart, and when the process is killed,
/// they stay. FileDescriptorStoreMax= in systemd.service(5).
struct DescriptorStore {
    private var kept: Set<String>

    /// - Parameter inherited: what systemd holds already.
    init(inherited: [Keepsake]) { kept = Set(inherited.map(\.name)) }

    /// Has systemd hold these and no others.
    mutating func keep(_ keepsakes: [Keepsake]) {
        let wanted = Set(keepsakes.map(\.name))
        guard wanted != kept else { return }
        for keepsake in keepsakes where !kept.contains(keepsake.name) { ServiceManager.keep(keepsake) }
        for name in kept.subtracting(wanted) { ServiceManager.forget(name) }
        kept = wanted
        ServiceManager.wait()
    }
}
