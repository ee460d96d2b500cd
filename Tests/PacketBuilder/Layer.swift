public import Records

/// One layer of a `Packet`: turns what lies behind it into itself plus that.
public struct Layer {
    /// How the layer in front announces this one.
    enum Kind: Equatable {
        case link, other
        case ethernetPayload(UInt16)
        case ipPayload(UInt8)
        /// An IP header: both.
        case ip(type: UInt16, number: UInt8)
    }

    let kind: Kind
    var pseudo: Pseudo?
    /// The bytes behind, the layer behind, and the addresses in force → all bytes from this layer on.
    let encode: ([UInt8], Layer?, Pseudo) -> [UInt8]

    init(_ kind: Kind, pseudo: Pseudo? = nil, _ encode: @escaping ([UInt8], Layer?, Pseudo) -> [UInt8]) {
        self.kind = kind
        self.pseudo = pseudo
        self.encode = encode
    }

    /// The EtherType by which Ethernet announces this layer; nil for bytes without one.
    var etherType: UInt16? {
        switch kind {
        case .ethernetPayload(let type), .ip(let type, _): type
        default: nil
        }
    }

    /// The protocol number by which IP announces this layer; 59 (no next header) for bytes without one.
    var ipProtocol: UInt8 {
        switch kind {
        case .ipPayload(let number), .ip(_, let number): number
        default: IPProtocol.noNext
        }
    }

    /// The layer with some bytes overwritten after encoding: for wrong lengths, versions and checksums.
    public func patched(_ offset: Int, _ bytes: [UInt8]) -> Layer {
        var layer = Layer(kind, pseudo: pseudo) { [encode] behind, next, pseudo in
            var all = encode(behind, next, pseudo)
            all.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
            return all
        }
        layer.pseudo = pseudo
        return layer
    }
}

// MARK: - Link

extension Layer {
    /// Ethernet II; `type` announces a payload that is not a layer with a type of its own.
    public static func ethernet(
        from source: MACAddress = MACAddress(0x0200_0000_0001),
        to destination: MACAddress = MACAddress(0x0200_0000_0002),
        type: UInt16? = nil
    ) -> Layer {
        Layer(.link) { behind, next, _ in
            let addresses = [destination, source].flatMap { big16($0.value >> 32) + big32($0.value & 0xFFFF_FFFF) }
            return addresses + big16(type ?? next?.etherType ?? 0x88B5) + behind
        }
    }

    /// A VLAN tag.
    public static func vlan(
        _ identifier: UInt16, priority: UInt16 = 0, dropEligible: Bool = false, tpid: UInt16 = 0x8100,
        type: UInt16? = nil
    ) -> Layer {
        Layer(.ethernetPayload(tpid)) { behind, next, _ in
            let control = priority << 13 | (dropEligible ? 0x1000 : 0) | identifier
            return big16(control) + big16(type ?? next?.etherType ?? 0x88B5) + behind
        }
    }

    /// ARP for IPv4 over Ethernet.
    public static func arp(
        operation: UInt16 = 1, senderMac: MACAddress = MACAddress(0x0200_0000_0001), sender: String = "192.0.2.1",
        targetMac: MACAddress = MACAddress(0), target: String = "192.0.2.2"
    ) -> Layer {
        func mac(_ address: MACAddress) -> [UInt8] { big16(address.value >> 32) + big32(address.value & 0xFFFF_FFFF) }
        return Layer(.ethernetPayload(EtherType.arp)) { behind, _, _ in
            [0, 1, 8, 0, 6, 4] + big16(operation) + mac(senderMac) + IPAddress(sender)!.wireBytes + mac(targetMac)
                + IPAddress(target)!.wireBytes + behind
        }
    }

    /// Bytes without meaning.
    public static func payload(_ count: Int, filledWith byte: UInt8 = 0xA5) -> Layer {
        Layer(.other) { behind, _, _ in [UInt8](repeating: byte, count: count) + behind }
    }

    /// Given bytes.
    public static func raw(_ bytes: [UInt8]) -> Layer {
        Layer(.other) { behind, _, _ in bytes + behind }
    }
}
