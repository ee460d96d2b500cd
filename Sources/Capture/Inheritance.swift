internal import BPF
internal import CHdrlog
internal import Glibc
internal import Records

/// What a process before this one left: the maps that its programs count in, and the links that hold its programs.
final class Inheritance: @unchecked Sendable {
    private let descriptors: [String: Int32]
    /// Maps were left whose layout is another version's: they cannot be read.
    private(set) var isForeign = false
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
                if keepsake.parts.first == Name.map, keepsake.layout != Int(HDRLOG_LAYOUT) { isForeign = true }
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
        let parts = keepsake.parts
        guard keepsake.layout == Int(HDRLOG_LAYOUT), parts.count == 3, parts[0] == Name.map,
            let set = UInt64(parts[2])
        else { return nil }
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

    /// All maps of `Tables`, or nil when there is not each of them, or they are another version's.
    var maps: [String: Map]? {
        guard !isForeign else { return nil }
        let found = descriptors.compactMapValues { try? Map(of: $0) }
        return Tables.names.allSatisfy { found[$0] != nil } ? found : nil
    }

    /// Has an object use the maps, if they are as it would make them itself.
    /// - Returns: whether it does.
    func give(to programs: borrowing Object) throws(BPFError) -> Bool {
        guard let maps else { return false }
        var fits = true
        for name in Tables.names {
            let wanted = try programs.map(name)
            // Without another HDRLOG_LAYOUT these are the same; memory is at stake, so they are looked at.
            isForeign = isForeign || !maps[name]!.hasLayout(of: wanted)
            fits = fits && maps[name]!.hasShape(of: wanted)
        }
        guard fits else { return false }
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
        // Links are the same for every version.
        let parts = keepsake.parts
        guard parts.count == 5, parts[0] == Inheritance.Name.link, let interface = UInt32(parts[1]),
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
        case .clsact: "clsact"
        }
    }
}
