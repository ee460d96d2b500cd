internal import BPF
internal import Glibc

/// The maps that one process before this one counted in, and what its values look like. The descriptors are closed when
/// this goes.
final class InheritedMaps: Sendable {
    /// Younger sets have greater ones.
    let number: UInt64
    private let descriptors: [String: Int32]
    /// By name, as the programs that count in the maps have them; empty when that is not known.
    let structures: [String: Structure]

    /// - Parameter descriptors: by the maps' names, and that of their types.
    init(number: UInt64, _ descriptors: [String: Int32]) {
        (self.number, self.descriptors) = (number, descriptors)
        let types = descriptors[Keepsake.types]
        structures = types.flatMap { try? Structure.read(Tables.structures, of: $0) } ?? [:]
    }

    deinit { for descriptor in descriptors.values { close(descriptor) } }

    /// nil when there is none of the name, or the descriptor is none of a map.
    func map(_ name: String) -> Map? { descriptors[name].flatMap { try? Map(of: $0) } }

    /// Has an object use the maps, if they are as it would make them itself. Before the object is loaded.
    /// - Returns: whether it does.
    func give(to programs: borrowing Object) throws(BPFError) -> Bool {
        guard structures == programs.structures(Tables.structures) else { return false }
        for name in Tables.names {
            let wanted = try programs.map(name)
            guard let map = map(name), map.hasShape(of: wanted) else { return false }
        }
        for name in Tables.names { try programs.reuse(descriptors[name]!, as: name) }
        return true
    }

    /// For the process that follows, while what is in the maps has not been taken out.
    var keepsakes: [Keepsake] {
        descriptors.map { Keepsake([Keepsake.map, $0.key, "\(number)"], descriptor: $0.value) }
    }
}
