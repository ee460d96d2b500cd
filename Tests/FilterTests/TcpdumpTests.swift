import CHdrlog
import Corpus
import Filter
import Foundation
import Records
import Testing

/// The shared part of the language against the real tcpdump: both have to select the same frames of the corpus.
///
/// Left out are frames on which the two differ by intent: tagged ones (here a filter looks behind VLAN tags), IPv6
/// with extension headers (here they are walked) and malformed ones (libpcap rejects what it cannot read).
/// `tcp[…]` and `vrrp` mean IPv4 only to tcpdump, so they are asked of IPv4.
@Suite("tcpdump", .enabled(if: Corpus.isPresent, Comment(rawValue: Corpus.absence)))
struct TcpdumpTests {
    static let tcpdump = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static let expressions = [
        "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "sctp", "ip proto 47", "ip proto \\esp", "esp", "ah",
        "ip6 proto 17", "proto 6", "igmp", "pim", "ip and vrrp", "ether proto 0x88cc", "ether proto \\arp",
        "host 192.168.1.1", "net 192.168.0.0/16", "src net 10.0.0.0/8", "dst net 10.0.0.0/8", "net 10", "net 192.168",
        "net 172.16.0.0 mask 255.240.0.0", "src and dst net 192.168.0.0/16", "src or dst net 127.0.0.0/8",
        "ip6 net fe80::/10", "ip6 host ff02::1", "dst host ff02::fb", "net 2001::/16", "arp net 10.0.0.0/8",
        "ip host 192.168.1.1 or 192.168.1.2", "ip src net 10.0.0.0/8 and not dst net 10.0.0.0/8",
        "port 53", "src port 53", "dst port 80", "port 80 or 443", "port (80 or 443)", "tcp port 80", "udp port 53",
        "tcp src port 80", "udp dst port 53", "portrange 1-1023", "tcp dst portrange 1024-65535", "port 53 and udp",
        "tcp or udp and port 53", "tcp or (udp and port 53)", "not port 80", "not (tcp or udp)", "! tcp && ! udp",
        "ip and tcp[tcpflags] & tcp-syn != 0", "ip and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
        "ip and tcp[13] = 2",
        "ip and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0", "ip and tcp[13] & 4 != 0", "ip and tcp[2:2] = 80",
        "ip and tcp[14:2] < 1024",
        "ip[8] < 10", "ip[8] = 64", "ip[6:2] & 0x1fff != 0", "ip[6] & 0x40 != 0", "ip[1] & 0xfc = 0xb8",
        "ip[0] & 0xf > 5",
        "ip[12:4] = 0xc0a80101", "ip6[7] = 255", "ether[0] & 1 = 1", "ether[12:2] = 0x0806", "ip and udp[4:2] > 100",
        "icmp[icmptype] = icmp-echo", "icmp[0] = 3 and icmp[1] = 3", "arp[6:2] = 1",
        "less 64", "greater 1000", "len < 60", "len >= 1514", "broadcast", "ether multicast", "ip multicast",
        "ether host ff:ff:ff:ff:ff:ff", "ether dst ff:ff:ff:ff:ff:ff", "ether src 00:00:00:00:00:00",
        "src host 10.0.0.1 or 10.0.0.2 and port 80", "host 192.168.1.1 and not port 80",
    ]

    @Test(
        "tcpdump selects the same frames of the corpus",
        .enabled(if: tcpdump != nil, "tcpdump is not installed"))
    func selectsTheSameFrames() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("hdrlog-filter-\(getpid()).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        let frames = try Self.frames()
        try Self.write(frames, to: file)
        var selected = 0
        for text in Self.expressions {
            let predicate = CompiledFilter(try FilterExpression(parsing: text))
            let ours = Self.select(frames, predicate)
            let theirs = try Self.run(text, on: file)
            selected += ours.count
            let first = Set(ours).symmetricDifference(theirs).sorted().prefix(5)
            #expect(first.isEmpty, "\(text): \(ours.count) here, \(theirs.count) by tcpdump; frames \(first)")
        }
        print(
            "tcpdump: \(Self.expressions.count) expressions on \(frames.count) frames, \(selected) selections compared")
    }

    /// All frames that both languages mean the same by.
    private static func frames() throws -> [[UInt8]] {
        var all: [[UInt8]] = []
        for file in try Corpus.files() {
            try CaptureFile(file).visit { _, _, bytes in
                let layout = HeaderLayout(walking: bytes, linkType: 0, frameLength: bytes.count)
                guard layout.malformed == 0, layout.tagCount == 0, layout.extensionCount == 0, bytes.count >= 14,
                    layout.transport != .udpLite
                else { return }
                all.append([UInt8](bytes))
            }
        }
        return all
    }

    private static func select(_ frames: [[UInt8]], _ predicate: CompiledFilter) -> [Int] {
        frames.indices.filter { index in
            frames[index].withUnsafeBytes { frame in
                var metadata = hdrlog_record()
                metadata.frame_length = UInt32(frame.count)
                let kept = UnsafeRawBufferPointer(rebasing: frame[..<HeaderLayout.extent(of: frame, linkType: 0)])
                let record = HeaderRecord(time: 0, metadata: metadata, bytes: kept)
                return predicate.matches(record, record.layout)
            }
        }
    }

    /// One capture of all frames; a frame's second is its index, by which tcpdump's choice is read back.
    private static func write(_ frames: [[UInt8]], to file: URL) throws {
        var data = Data()
        func word(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
        for value in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 262_144, 1] as [UInt32] { word(value) }
        for (index, frame) in frames.enumerated() {
            for value in [index, 0, frame.count, frame.count] { word(UInt32(value)) }
            data.append(contentsOf: frame)
        }
        try data.write(to: file)
    }

    private static func run(_ expression: String, on file: URL) throws -> [Int] {
        let output = file.appendingPathExtension("out")
        defer { try? FileManager.default.removeItem(at: output) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tcpdump!)
        process.arguments = ["-Z", "root", "-n", "-r", file.path, "-w", output.path, expression]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "tcpdump refuses \(expression)")
        return try CaptureFile(output).frames.map { Int($0.time / 1_000_000_000) }
    }
}
