public import Records

extension Layer {
    /// IPv4, with header checksum and total length filled in.
    /// - Parameters:
    ///   - fragmentOffset: in 8-byte units.
    ///   - options: padded to a multiple of four with end-of-list options.
    public static func ipv4(
        from source: String = "192.0.2.1", to destination: String = "192.0.2.2", ttl: UInt8 = 64, dscp: UInt8 = 0,
        ecn: UInt8 = 0, identification: UInt16 = 1, dontFragment: Bool = false, moreFragments: Bool = false,
        fragmentOffset: UInt16 = 0, options: [UInt8] = [], protocol number: UInt8? = nil
    ) -> Layer {
        let (from, to) = (IPAddress(source)!, IPAddress(destination)!)
        let pseudo = Pseudo.addresses(source: from, destination: to)
        return Layer(.ip(type: EtherType.ipv4, number: 4), pseudo: pseudo) { behind, next, _ in
            let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
            let length = 20 + padded.count
            let flags = (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0) | fragmentOffset
            var header: [UInt8] = [0x40 | UInt8(length / 4), dscp << 2 | ecn]
            header += big16(length + behind.count) + big16(identification) + big16(flags)
            header += [ttl, number ?? next?.ipProtocol ?? 59, 0, 0] + from.wireBytes + to.wireBytes + padded
            let sum = ~header.withUnsafeBytes { InternetChecksum.sum($0) }
            return header.setting(sum, at: 10) + behind
        }
    }

    /// IPv6, with payload length filled in.
    public static func ipv6(
        from source: String = "2001:db8::1", to destination: String = "2001:db8::2", hopLimit: UInt8 = 64,
        dscp: UInt8 = 0, ecn: UInt8 = 0, flowLabel: UInt32 = 0, nextHeader: UInt8? = nil
    ) -> Layer {
        let (from, to) = (IPAddress(source)!, IPAddress(destination)!)
        let pseudo = Pseudo.addresses(source: from, destination: to)
        return Layer(.ip(type: EtherType.ipv6, number: 41), pseudo: pseudo) { behind, next, _ in
            let first = UInt32(6) << 28 | UInt32(dscp << 2 | ecn) << 20 | flowLabel
            return big32(first) + big16(behind.count) + [nextHeader ?? next?.ipProtocol ?? 59, hopLimit]
                + from.wireBytes + to.wireBytes + behind
        }
    }

    /// An IPv6 extension header other than fragment and AH: hop-by-hop options, routing, destination options …
    /// - Parameter length: bytes, a multiple of 8.
    public static func extensionHeader(_ number: UInt8 = IPProtocol.hopByHop, length: Int = 8) -> Layer {
        Layer(.ipPayload(number)) { behind, next, _ in
            // One PadN option fills it.
            [next?.ipProtocol ?? 59, UInt8(length / 8 - 1), 1, UInt8(length - 4)]
                + [UInt8](repeating: 0, count: length - 4) + behind
        }
    }

    /// IPv6's fragment header.
    /// - Parameter offset: in 8-byte units.
    public static func fragment(
        offset: UInt16 = 0, more: Bool = false, identification: UInt32 = 1, nextHeader: UInt8? = nil
    ) -> Layer {
        Layer(.ipPayload(IPProtocol.fragment)) { behind, next, _ in
            [nextHeader ?? next?.ipProtocol ?? 59, 0] + big16(offset << 3 | (more ? 1 : 0)) + big32(identification)
                + behind
        }
    }

    /// AH with a 12-byte integrity value: an extension header in IPv6, the end of the walk in IPv4.
    public static func ah(spi: UInt32 = 0x100, sequence: UInt32 = 1) -> Layer {
        Layer(.ipPayload(IPProtocol.ah)) { behind, next, _ in
            [next?.ipProtocol ?? 59, 4, 0, 0] + big32(spi) + big32(sequence) + [UInt8](repeating: 0, count: 12) + behind
        }
    }

    /// ESP's two leading fields.
    public static func esp(spi: UInt32 = 0x200, sequence: UInt32 = 1) -> Layer {
        Layer(.ipPayload(IPProtocol.esp)) { behind, _, _ in big32(spi) + big32(sequence) + behind }
    }

    /// GRE (RFC 2784, 2890) with the optional fields that are not nil.
    public static func gre(key: UInt32? = nil, sequence: UInt32? = nil, checksum: Bool = false) -> Layer {
        Layer(.ipPayload(IPProtocol.gre)) { behind, next, _ in
            let flags: UInt16 = (checksum ? 0x8000 : 0) | (key != nil ? 0x2000 : 0) | (sequence != nil ? 0x1000 : 0)
            var optional = [UInt8](repeating: 0, count: checksum ? 4 : 0)
            for value in [key, sequence] { optional += value.map { big32($0) } ?? [] }
            let all = big16(flags) + big16(next?.etherType ?? 0x88B5) + optional + behind
            return checksum ? all.setting(~all.withUnsafeBytes { InternetChecksum.sum($0) }, at: 4) : all
        }
    }
}
