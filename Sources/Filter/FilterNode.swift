import Records

/// The tree of an expression: primitives joined by and, or, not.
indirect enum FilterNode: Equatable, Sendable {
    /// The empty expression: everything.
    case all
    case primitive(Primitive)
    case not(FilterNode)
    /// Two or more parts, none of them an `and` itself.
    case and([FilterNode])
    /// Two or more parts, none of them an `or` itself.
    case or([FilterNode])

    func contains(_ matches: (Primitive) -> Bool) -> Bool {
        switch self {
        case .all: false
        case .primitive(let primitive): matches(primitive)
        case .not(let node): node.contains(matches)
        case .and(let nodes), .or(let nodes): nodes.contains { $0.contains(matches) }
        }
    }

    /// Primitives in the tree.
    var count: Int {
        switch self {
        case .all: 0
        case .primitive: 1
        case .not(let node): node.count
        case .and(let nodes), .or(let nodes): nodes.reduce(0) { $0 + $1.count }
        }
    }

    static func joined(_ left: FilterNode, and right: FilterNode) -> FilterNode {
        if left == .all { return right }
        if right == .all { return left }
        return .and((left.andParts ?? [left]) + (right.andParts ?? [right]))
    }

    static func joined(_ left: FilterNode, or right: FilterNode) -> FilterNode {
        if left == .all || right == .all { return .all }
        return .or((left.orParts ?? [left]) + (right.orParts ?? [right]))
    }

    private var andParts: [FilterNode]? { if case .and(let parts) = self { parts } else { nil } }
    private var orParts: [FilterNode]? { if case .or(let parts) = self { parts } else { nil } }
}

/// Which of a frame's two addresses or ports is meant.
enum Side: Equatable, Sendable, CaseIterable {
    case source, destination, either, both
}

/// The leaves of the tree: what one keyword phrase or comparison means.
enum Primitive: Equatable, Sendable {
    /// The type behind all VLAN tags: `ip`, `arp`, `ether proto 0x88cc`.
    case etherType(UInt16)
    /// The protocol behind extension headers: `tcp`, `ip proto 47`; of one IP version if `version` is set.
    case ipProtocol(UInt8, version: IPAddress.Version?)
    /// `src net 10.0.0.0/8`, with the header that the address has to be in.
    case address(IPPrefix, Side, AddressScope)
    /// `tcp port 80`, `portrange 1-1024`; of one protocol if that is set.
    case ports(ClosedRange<UInt16>, Side, transport: UInt8?)
    /// `ether host 02:00:00:00:00:01`.
    case mac(MACAddress, Side)
    /// `ether multicast`: the destination is a group (broadcast, too).
    case multicast
    /// `vlan`: tagged at all; `vlan 7`: one of the two outermost tags has this ID.
    case vlan(UInt16?)
    case direction(Direction)
    /// A name or a pattern with `*` and `?`.
    case interface(String)
    /// The field is there: `has mss`.
    case present(Field)
    /// `ttl < 10`, `tcpFlags & 0x12 = 0x02`.
    case compare(Comparison)
    /// `source in {10.0.0.0/8, 192.0.2.1}`.
    case addressField(Field, [IPPrefix], negated: Bool)
    /// `sourceMac = 02:00:00:00:00:01`.
    case macField(Field, [MACAddress], negated: Bool)
    /// `ip[6:2] & 0x1fff != 0`.
    case bytes(ByteAccess)

    var isInterfaceTest: Bool { if case .interface = self { true } else { false } }
}

/// In which header `host` and `net` look.
enum AddressScope: Equatable, Sendable, CaseIterable {
    /// IP of the address's version, and ARP and RARP for IPv4.
    case any
    case ip, ip6, arp, rarp
}

/// How a number is compared.
enum Relation: String, Equatable, Sendable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in`
}

/// An integer, boolean, list or symbolic field against constants. Absent fields compare false, with `!=` too.
struct Comparison: Equatable, Sendable {
    var field: Field
    /// The field's value is masked with this first.
    var mask: UInt64?
    var relation: Relation
    /// One value (a range of one), or those of `in`.
    var values: [ClosedRange<UInt64>]
}

/// Up to four bytes of a header, as pcap-filter(7)'s `tcp[13]`.
struct ByteAccess: Equatable, Sendable {
    enum Layer: String, Equatable, Sendable, CaseIterable {
        case ether, ip, ip6, arp, rarp, tcp, udp, sctp, icmp, icmp6, gre, esp, ah
    }

    var layer: Layer
    /// Bytes from the header's beginning.
    var offset: UInt16
    /// 1, 2 or 4.
    var size: UInt8
    var mask: UInt64?
    var relation: Relation
    var value: UInt64
}
