internal import BPF
internal import Glibc
internal import Records

/// What a process before this one left: the maps that its programs count in, and the links that hold its programs.
final class Inheritance: @unchecked Sendable {
    private let descriptors: [String: Int32]
    /// By interface, until they are claimed.
    private var links: [UInt32: [InheritedLink]] = [:]

    /// Takes the descriptors over; those that mean nothing to us are closed.
    init(_ keepsakes: [Keepsake]) {
        // A process that was killed while it took over may leave the tables of its predecessor, too: the younger count.
        var sets: [UInt64: [String: Int32]] = [:]
        for keepsake in keepsakes {
            if let (name, set) = Self.map(keepsake), sets[set]?[name] == nil {
                sets[set, default: [:]][name] = keepsake.descriptor
            } else if let link = InheritedLink(keepsake) {
                links[link.interface, default: []].append(link)
            } else {
                close(keepsake.descriptor)
            }
        }
        let youngest = sets.keys.max()
        for (set, maps) in sets where set != youngest {
            for descriptor in maps.values { close(descriptor) }
        }
        descriptors = youngest.flatMap { sets[$0] } ?? [:]
    }

    /// A map's name and the set that it belongs to.
    private static func map(_ keepsake: Keepsake) -> (name: String, set: UInt64)? {
        guard let parts = keepsake.parts, parts.count == 3, parts[0] == Name.map, let set = UInt64(parts[2]) else {
            return nil
        }
        return (parts[1], set)
    }

    deinit { for descriptor in descriptors.values { close(descriptor) } }

    /// First parts of keepsakes' names.
    enum Name {
        static let map = "map"
        static let link = "link"
        /// Of one version of the programs only.
        static let programs = "programs"
    }

    /// All maps of `Tables`, or nil when there is not each of them.
    var maps: [String: Map]? {
        let found = descriptors.compactMapValues { try? Map(of: $0) }
        return Tables.names.allSatisfy { found[$0] != nil } ? found : nil
    }

    /// Has an object use the maps, if they are as it would make them itself.
    /// - Returns: whether it does.
    func give(to programs: borrowing Object) throws(BPFError) -> Bool {
        guard let maps else { return false }
        for name in Tables.names {
            let wanted = try programs.map(name)
            guard maps[name]!.hasShape(of: wanted) else { return false }
        }
        for name in Tables.names { try programs.reuse(descriptors[name]!, as: name) }
        return true
    }

    func claimLinks(of interface: UInt32) -> [InheritedLink] { links.removeValue(forKey: interface) ?? [] }

    /// Takes programs off where nobody wanted them any more.
    func detachUnclaimed() {
        for link in links.values.joined() { link.take()?.detach() }
        links = [:]
    }
}

/// A link that waits for its new owner.
final class InheritedLink {
    let interface: UInt32
    let direction: Direction
    let place: HookPlace
    private var link: Link?

    /// Takes the descriptor over if it is one of a link whose interface is still there.
    init?(_ keepsake: Keepsake) {
        guard let parts = keepsake.parts, parts.count == 5, parts[0] == Inheritance.Name.link,
            let interface = UInt32(parts[1]),
            let direction = Direction.allCases.first(where: { "\($0.name)" == parts[2] }),
            let place = HookPlace.allCases.first(where: { $0.word == parts[3] })
        else { return nil }
        self.interface = interface
        self.direction = direction
        self.place = place
        link = try? Link(adopting: keepsake.descriptor)
    }

    func take() -> Link? { link.take() }
}

extension Link {
    /// The kernel's number is in the name, so that a link that takes the place of another is not taken for it.
    func keepsake(interface: UInt32, _ direction: Direction, _ place: HookPlace) -> Keepsake {
        Keepsake(
            [Inheritance.Name.link, "\(interface)", "\(direction.name)", place.word, "\(identifier)"],
            descriptor: reference)
    }
}

extension HookPlace {
    /// Without a blank.
    fileprivate var word: String {
        switch self {
        case .nativeXDP: "native"
        case .genericXDP: "generic"
        case .tc: "tc"
        }
    }
}
