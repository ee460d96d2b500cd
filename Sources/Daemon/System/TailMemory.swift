internal import CLinux
internal import Capture

/// The memory file (memfd_create(2)) in which the store keeps records that no block holds yet: systemd holds it for the
/// next process of this service, so that a process that is killed leaves them behind.
enum TailMemory {
    private static let name = Keepsake(["tail"], descriptor: -1).name

    /// The one that an earlier process left, else a new one; nil where nobody would hold it, or it cannot be made.
    static func take(from inherited: [Keepsake]) -> Keepsake? {
        guard ServiceManager.isPresent else { return nil }
        if let left = inherited.first(where: isOne) { return left }
        let descriptor = hdrlog_memory_file("hdrlog-tail")
        return descriptor < 0 ? nil : Keepsake(name: name, descriptor: descriptor)
    }

    /// Of a version with another layout it is none of ours: it cannot be read.
    static func isOne(_ keepsake: Keepsake) -> Bool { keepsake.name == name }
}
