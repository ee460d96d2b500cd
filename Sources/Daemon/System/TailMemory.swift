internal import CHdrlog
internal import CLinux
internal import Capture

/// The memory file (memfd_create(2)) in which the store keeps records that no block holds yet: systemd holds it for the
/// next process of this service, so that a process that is killed leaves them behind.
enum TailMemory {
    private static let name = Keepsake(["tail", layout], descriptor: -1).name

    /// Where the fields of a record begin: it lies there as this version lays it out.
    private static var layout: String {
        let fields: [PartialKeyPath<hdrlog_record>] = [
            \.boot_ns, \.ifindex, \.frame_length, \.rate, \.captured, \.segments, \.vlan_tci, \.vlan_tpid, \.direction,
            \.generation, \.malformed, \.link_type,
        ]
        let places = fields.map { MemoryLayout<hdrlog_record>.offset(of: $0)! } + [MemoryLayout<hdrlog_record>.size]
        return places.map { "\($0)" }.joined(separator: ".")
    }

    /// The one that an earlier process left, else a new one; nil where nobody would hold it, or it cannot be made.
    static func take(from inherited: [Keepsake]) -> Keepsake? {
        guard ServiceManager.isPresent else { return nil }
        if let left = inherited.first(where: isOne) { return left }
        let descriptor = hdrlog_memory_file("hdrlog-tail")
        return descriptor < 0 ? nil : Keepsake(name: name, descriptor: descriptor)
    }

    /// Of a version that lays records out in another way it is none of ours: it cannot be read.
    static func isOne(_ keepsake: Keepsake) -> Bool { keepsake.name == name }
}
