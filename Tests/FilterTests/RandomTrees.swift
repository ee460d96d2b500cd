import PacketBuilder
import Records

@testable import Filter

/// Seeded generator of expression trees in canonical shape, over values that the samples have and have not.
struct RandomTrees {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    mutating func node(depth: Int) -> FilterNode {
        switch depth == 0 ? 0 : Int.random(in: 0...5, using: &random) {
        case 3: return .not(node(depth: depth - 1))
        case 4:
            return (0...Int.random(in: 1...2, using: &random)).reduce(.all) { tree, _ in
                .joined(tree, and: node(depth: depth - 1))
            }
        case 5:
            return (0..<Int.random(in: 1...2, using: &random)).reduce(node(depth: depth - 1)) { tree, _ in
                .joined(tree, or: node(depth: depth - 1))
            }
        default: return .primitive(primitive())
        }
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random)! }

    private mutating func prefix() -> IPPrefix {
        let text = pick([
            "10.0.0.1", "10.0.0.0/8", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "::/0",
            "224.0.0.0/4",
            "255.255.255.255", "10.0.0.53",
        ])
        return IPPrefix(text)!
    }

    private mutating func mac() -> MACAddress {
        MACAddress(pick([0x0200_0000_0001, 0x0200_0000_0002, 0xFFFF_FFFF_FFFF]))
    }

    private mutating func range<Bound: FixedWidthInteger>(_ bounds: [Bound]) -> ClosedRange<Bound> {
        let ends = [pick(bounds), pick(bounds)].sorted()
        return ends[0]...ends[1]
    }

    private mutating func primitive() -> Primitive {
        switch Int.random(in: 0...14, using: &random) {
        case 0: return .etherType(pick([0x0800, 0x86DD, 0x0806, 0x8035, 0x88CC]))
        case 1: return .ipProtocol(pick([1, 6, 17, 47, 50, 58, 0, 44, 132, 200]), version: pick([nil, .v4, .v6]))
        case 2, 3: return address()
        case 4:
            return .ports(
                range([22, 53, 80, 443, 5353, 40000, 65535]), pick(Side.allCases), transport: pick([nil, 6, 17]))
        case 5: return .mac(mac(), pick(Side.allCases))
        case 6: return .multicast
        case 7: return .vlan(pick([nil, 7, 100, 4095]))
        case 8: return .direction(pick([.ingress, .egress]))
        case 9: return .interface(pick(["eth0", "eth*", "veth?", "*", "a b", "and"]))
        case 10: return .present(pick(Field.allCases))
        case 11:
            return .addressField(
                pick([.source, .destination, .arpSenderAddress]), [prefix()], negated: pick([true, false]))
        case 12: return .macField(pick([.sourceMac, .destinationMac]), [mac()], negated: pick([true, false]))
        case 13: return bytes()
        default: return comparison()
        }
    }

    private mutating func address() -> Primitive {
        let prefix = prefix()
        let scopes: [AddressScope] = prefix.address.version == .v4 ? [.any, .ip, .arp, .rarp] : [.any, .ip6]
        return .address(prefix, pick(Side.allCases), pick(scopes))
    }

    private mutating func bytes() -> Primitive {
        let size = pick([1, 2, 4] as [UInt8])
        return .bytes(
            ByteAccess(
                layer: pick(ByteAccess.Layer.allCases), offset: UInt16.random(in: 0...4, using: &random), size: size,
                mask: pick([nil, 0x0F]), relation: pick(Relation.allCases.filter { $0 != .in }),
                value: UInt64.random(in: 0...70, using: &random)))
    }

    private mutating func comparison() -> Primitive {
        let fields = Field.allCases.filter { [.integer, .boolean, .list].contains($0.type) }
        let field = pick(fields)
        let relation = pick(Relation.allCases)
        let limit = field.type == .boolean ? 1 : min(field.maximum, 100)
        let values = (0..<(relation == .in ? 2 : 1)).map { _ in
            let low = UInt64.random(in: 0...limit, using: &random)
            return relation == .in ? low...UInt64.random(in: low...limit, using: &random) : low...low
        }
        let mask = field.type == .integer ? pick([nil, nil, 3] as [UInt64?]) : nil
        return .compare(
            Comparison(field: field, mask: mask.map { min($0, field.maximum) }, relation: relation, values: values))
    }
}
