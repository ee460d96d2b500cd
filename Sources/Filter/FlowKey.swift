public import CHdrlog
public import Records

/// What all records of a flow have in common, as far as a predicate can use it.
///
/// A predicate on these runs once per distinct flow instead of once per record. Frames without IP are flows of
/// their own kind: for ARP the addresses are the sender's and the target's protocol addresses.
public struct FlowKey: Hashable, Sendable {
    /// Stands for "no such tag" in `vlan` and `innerVlan`.
    public static let noTag: UInt16 = 0xFFFF
    /// Stands for "not part of this key" in `innerVlan` and `etherType`.
    public static let unknown: UInt16 = 0xFFFE

    public var interface: UInt32
    public var direction: Direction
    /// VLAN ID of the outermost tag (a stripped one included), or `noTag`.
    public var vlan: UInt16 = noTag
    /// VLAN ID of the second tag, `noTag`, or `unknown`.
    public var innerVlan: UInt16 = unknown
    /// The type behind all tags, or `unknown`.
    public var etherType: UInt16 = unknown
    public var network: HeaderLayout.Network = .none
    /// `none` for later fragments: they have no ports.
    public var transport: HeaderLayout.Transport = .none
    /// IP protocol; meaningful with an IP header.
    public var ipProtocol: UInt8 = 0
    /// Meaningful with an IP or ARP header.
    public var source: IPAddress = IPAddress(v4: 0)
    public var destination: IPAddress = IPAddress(v4: 0)
    /// False when the frame is cut before the addresses (ARP with other address lengths, too).
    public var hasAddresses = false
    /// Meaningful when `hasPorts`.
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    public var hasPorts = false

    public init(interface: UInt32, direction: Direction) {
        self.interface = interface
        self.direction = direction
    }

    /// The key of the flow that a record belongs to, with everything known.
    @inlinable
    public init(_ record: borrowing HeaderRecord, _ layout: HeaderLayout) {
        self.init(interface: record.metadata.ifindex, direction: record.direction)
        vlan = record.outerTag(layout)?.identifier ?? Self.noTag
        innerVlan = record.innerTag(layout)?.identifier ?? Self.noTag
        etherType = layout.etherType
        network = layout.network
        transport = layout.transport
        ipProtocol = layout.upperProtocol
        if let from = record.filterSource(layout), let to = record.filterDestination(layout) {
            (source, destination, hasAddresses) = (from, to, true)
        }
        if let from = record.sourcePort(layout), let to = record.destinationPort(layout) {
            (sourcePort, destinationPort, hasPorts) = (from, to, true)
        }
    }
}

extension HeaderRecord {
    /// The address that `src host` means: IP's source, or ARP's sender.
    @inlinable
    func filterSource(_ layout: HeaderLayout) -> IPAddress? {
        layout.network == .arp ? arpSender(layout) : source(layout)
    }

    /// The address that `dst host` means: IP's destination, or ARP's target.
    @inlinable
    func filterDestination(_ layout: HeaderLayout) -> IPAddress? {
        layout.network == .arp ? arpTarget(layout) : destination(layout)
    }

    @usableFromInline
    func arpSender(_ layout: HeaderLayout) -> IPAddress? {
        if case .address(let address) = value(of: .arpSenderAddress, layout) { address } else { nil }
    }

    @usableFromInline
    func arpTarget(_ layout: HeaderLayout) -> IPAddress? {
        if case .address(let address) = value(of: .arpTargetAddress, layout) { address } else { nil }
    }
}
