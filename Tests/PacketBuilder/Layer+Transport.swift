public import Records

extension Layer {
    /// TCP with its checksum.
    /// - Parameter options: padded to a multiple of four with end-of-list options.
    public static func tcp(
        from source: UInt16 = 40000, to destination: UInt16 = 80, flags: TCPFlags = .ack, sequence: UInt32 = 1000,
        acknowledgment: UInt32 = 2000, window: UInt16 = 65535, urgentPointer: UInt16 = 0, options: [UInt8] = []
    ) -> Layer {
        Layer(.ipPayload(IPProtocol.tcp)) { behind, _, pseudo in
            let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
            let offset = (UInt16(20 + padded.count) / 4) << 12
            let head = big16(source) + big16(destination) + big32(sequence) + big32(acknowledgment)
            let tail = big16(offset | flags.rawValue) + big16(window) + [0, 0] + big16(urgentPointer)
            let all = head + tail + padded + behind
            return all.setting(pseudo.checksum(all, IPProtocol.tcp), at: 16)
        }
    }

    /// The options of a usual SYN: MSS 1460, SACK permitted, timestamps 1 and 0, window scale 7.
    public static let synOptions: [UInt8] = [2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]

    /// UDP with length and checksum.
    public static func udp(from source: UInt16 = 40000, to destination: UInt16 = 53) -> Layer {
        Layer(.ipPayload(IPProtocol.udp)) { behind, _, pseudo in
            let all = big16(source) + big16(destination) + big16(8 + behind.count) + [0, 0] + behind
            let sum = pseudo.checksum(all, IPProtocol.udp)
            return all.setting(sum == 0 ? 0xFFFF : sum, at: 6)
        }
    }

    /// UDP-Lite whose checksum covers the whole packet.
    public static func udpLite(from source: UInt16 = 40000, to destination: UInt16 = 53) -> Layer {
        Layer(.ipPayload(IPProtocol.udpLite)) { behind, _, pseudo in
            let all = big16(source) + big16(destination) + [0, 0, 0, 0] + behind
            return all.setting(pseudo.checksum(all, IPProtocol.udpLite), at: 6)
        }
    }

    /// ICMP; an echo request unless told otherwise.
    public static func icmp(type: UInt8 = 8, code: UInt8 = 0, rest: UInt32 = 0x0001_0001) -> Layer {
        Layer(.ipPayload(IPProtocol.icmp)) { behind, _, _ in
            let all = [type, code, 0, 0] + big32(rest) + behind
            return all.setting(Pseudo.none.checksum(all, IPProtocol.icmp), at: 2)
        }
    }

    /// ICMPv6; an echo request unless told otherwise.
    public static func icmpv6(type: UInt8 = 128, code: UInt8 = 0, rest: UInt32 = 0x0001_0001) -> Layer {
        Layer(.ipPayload(IPProtocol.icmpv6)) { behind, _, pseudo in
            let all = [type, code, 0, 0] + big32(rest) + behind
            return all.setting(pseudo.checksum(all, IPProtocol.icmpv6), at: 2)
        }
    }

    /// SCTP's common header with its CRC32c.
    public static func sctp(
        from source: UInt16 = 40000, to destination: UInt16 = 2905, verificationTag: UInt32 = 7
    ) -> Layer {
        Layer(.ipPayload(IPProtocol.sctp)) { behind, _, _ in
            let head = big16(source) + big16(destination) + big32(verificationTag)
            let sum = crc32c(head + [0, 0, 0, 0] + behind)
            // Least significant byte first (RFC 9260, appendix A).
            return head + big32(sum.byteSwapped) + behind
        }
    }
}

private func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var register: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        register ^= UInt32(byte)
        for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~register
}
