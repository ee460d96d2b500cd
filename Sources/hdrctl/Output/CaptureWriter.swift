internal import Wire

/// Writes capture files, little-endian, with nanosecond stamps.
protocol CaptureWriter {
    /// What a file begins with.
    var header: [UInt8] { get }
    /// The bytes of one more frame.
    mutating func append(_ frame: CaptureFrame, to bytes: inout [UInt8]) throws(Failure)
}

/// pcapng (draft-ietf-opsawg-pcapng): an interface description each interface and link type, with its name; each
/// packet with its direction.
struct PcapngWriter: CaptureWriter {
    private struct Interface: Hashable {
        var name: String
        var link: CaptureFrame.LinkType
    }

    private var interfaces: [Interface: UInt32] = [:]

    var header: [UInt8] {
        var options: [UInt8] = []
        Self.option(4, Array("hdrctl \(Version.current)".utf8), &options)  // shb_userappl
        return Self.block(0x0A0D_0D0A) { body in
            body += little(UInt32(0x1A2B_3C4D)) + little(UInt16(1)) + little(UInt16(0))
            body += [UInt8](repeating: 0xFF, count: 8)  // section length: not told
            body += options + little(UInt32(0))
        }
    }

    mutating func append(_ frame: CaptureFrame, to bytes: inout [UInt8]) {
        let number = number(of: Interface(name: frame.interface, link: frame.link), &bytes)
        let stamp = UInt64(bitPattern: frame.time)
        bytes += Self.block(6) { body in
            body += little(number) + little(UInt32(truncatingIfNeeded: stamp >> 32))
            body += little(UInt32(truncatingIfNeeded: stamp))
            body += little(UInt32(frame.bytes.count)) + little(frame.length)
            body += frame.bytes + [UInt8](repeating: 0, count: Self.padding(frame.bytes.count))
            Self.option(2, little(UInt32(frame.isInbound ? 1 : 2)), &body)  // epb_flags
            body += little(UInt32(0))
        }
    }

    private mutating func number(of interface: Interface, _ bytes: inout [UInt8]) -> UInt32 {
        if let known = interfaces[interface] { return known }
        let number = UInt32(interfaces.count)
        interfaces[interface] = number
        bytes += Self.block(1) { body in
            body += little(interface.link.rawValue) + little(UInt16(0)) + little(UInt32(0))
            Self.option(2, Array(interface.name.utf8), &body)  // if_name
            Self.option(9, [9], &body)  // if_tsresol: 10^-9
            body += little(UInt32(0))
        }
        return number
    }

    /// Type, length, body, length.
    private static func block(_ type: UInt32, _ fill: (inout [UInt8]) -> Void) -> [UInt8] {
        var body: [UInt8] = []
        fill(&body)
        let length = little(UInt32(body.count + 12))
        return little(type) + length + body + length
    }

    private static func option(_ code: UInt16, _ value: [UInt8], _ body: inout [UInt8]) {
        body += little(code) + little(UInt16(value.count)) + value
        body += [UInt8](repeating: 0, count: padding(value.count))
    }

    private static func padding(_ length: Int) -> Int { (4 - length % 4) % 4 }
}

/// Classic libpcap, for tools that read nothing else: one link type a file, no interfaces.
struct PcapWriter: CaptureWriter {
    private let link: CaptureFrame.LinkType

    init(link: CaptureFrame.LinkType) { self.link = link }

    var header: [UInt8] {
        little(UInt32(0xA1B2_3C4D)) + little(UInt16(2)) + little(UInt16(4)) + little(UInt32(0)) + little(UInt32(0))
            + little(UInt32(65535)) + little(UInt32(link.rawValue))
    }

    mutating func append(_ frame: CaptureFrame, to bytes: inout [UInt8]) throws(Failure) {
        guard frame.link == link else {
            throw Failure(.usage, "pcap holds one link type only, and there are two: use --format pcapng")
        }
        let second: Int64 = 1_000_000_000
        bytes += little(UInt32(truncatingIfNeeded: frame.time / second))
        bytes += little(UInt32(truncatingIfNeeded: frame.time % second))
        bytes += little(UInt32(frame.bytes.count)) + little(frame.length) + frame.bytes
    }
}

private func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
