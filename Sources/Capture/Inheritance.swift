internal import BPF
internal import CHdrlog
internal import Glibc
internal import Records

/// What processes before this one left: the maps that their programs count in, and the links that hold the programs.
final class Inheritance: @unchecked Sendable {
    /// The youngest first. A process that was killed while it took over leaves those of its predecessor, too.
    private(set) var sets: [InheritedMaps] = []
    /// Maps were left that cannot be read.
    private(set) var isForeign = false
    /// By interface, until they are claimed.
    private var links: [UInt32: [InheritedLink]] = [:]

    /// Takes the descriptors over; those that mean nothing to us are closed.
    init(_ keepsakes: [Keepsake]) {
        var found: [UInt64: [String: Int32]] = [:]
        for keepsake in keepsakes {
            if let (name, set) = Self.map(keepsake), found[set]?[name] == nil {
                found[set, default: [:]][name] = keepsake.descriptor
            } else if let link = InheritedLink(keepsake) {
                links[link.interface, default: []].append(link)
            } else {
                if keepsake.parts.first == Keepsake.map, keepsake.handover != Int(HDRLOG_HANDOVER) { isForeign = true }
                close(keepsake.descriptor)
            }
        }
        sets = found.sorted { $0.key > $1.key }.map { InheritedMaps(number: $0.key, $0.value) }
    }

    /// A map's name and the set that it belongs to.
    private static func map(_ keepsake: Keepsake) -> (name: String, set: UInt64)? {
        let parts = keepsake.parts
        guard keepsake.handover == Int(HDRLOG_HANDOVER), parts.count == 3, parts[0] == Keepsake.map,
            let set = UInt64(parts[2])
        else { return nil }
        return (parts[1], set)
    }

    /// Has an object use the youngest maps, if they are as it would make them itself. Before the object is loaded.
    /// - Returns: whether it does.
    func give(to programs: borrowing Object) throws(BPFError) -> Bool { try sets.first?.give(to: programs) ?? false }

    /// Whose maps hold something that no other ones have, the youngest first.
    /// - Parameters:
    ///   - programs: whose structures the values become.
    ///   - continued: the tables that go on in the youngest maps, if any do.
    func predecessors(of programs: borrowing Object, continuing continued: Tables?) throws(BPFError) -> [Predecessor] {
        let others = sets.dropFirst(continued == nil ? 0 : 1)
        let own = others.isEmpty ? [:] : programs.structures(Tables.structures)
        var found: [Predecessor] = []
        var isAbsorbed = continued?.hasAbsorbed ?? false
        for maps in others where !isAbsorbed {
            guard let predecessor = try Predecessor(maps, own) else {
                isForeign = true
                break
            }
            isAbsorbed = predecessor.hasAbsorbed
            found.append(predecessor)
        }
        // Whoever is needed keeps them open.
        sets = []
        return found
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
        // Links are the same for every version.
        let parts = keepsake.parts
        guard parts.count == 5, parts[0] == Keepsake.link, let interface = UInt32(parts[1]),
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
            [Keepsake.link, "\(interface)", "\(direction.name)", place.word, "\(identifier)"], descriptor: reference)
    }
}

extension HookPlace {
    /// Without a blank.
    fileprivate var word: String {
        switch self {
        case .nativeXDP: "native"
        case .genericXDP: "generic"
        case .tc: "tc"
        case .clsact: "clsact"
        }
    }
}
