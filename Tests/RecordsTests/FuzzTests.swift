import CHdrlog
import PacketBuilder
import Records
import Testing

@Suite("Hostile bytes")
struct FuzzTests {
    /// Frames of every kind, to be cut and changed at random.
    static let seeds: [[UInt8]] = [
        Packet(
            .ethernet(), .vlan(1), .vlan(2), .ipv4(options: [7, 7, 4, 0, 0, 0, 0, 0]), .tcp(options: Layer.synOptions)),
        Packet(
            .ethernet(), .ipv6(), .extensionHeader(), .fragment(), .ah(), .extensionHeader(60), .tcp(options: [8, 10])),
        Packet(.ethernet(), .arp()), Packet(.ethernet(), .ipv4(), .gre(key: 1, sequence: 1, checksum: true), .ipv4()),
        Packet(.ethernet(), .ipv4(), .ah(), .esp()), Packet(.ethernet(), .ipv4(), .sctp()),
        Packet(.ethernet(), .ipv6(), .icmpv6(), .payload(8)), Packet(.ipv4(), .udp(), .payload(3)),
    ].map(\.bytes)

    @Test("no cut, changed or random frame makes a decoder read outside of it", arguments: [UInt64(1), 2, 3, 4])
    func survives(_ seed: UInt64) {
        var random = SplitMix64(state: seed)
        for _ in 0..<5_000 {
            var frame = Self.seeds.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                frame[Int.random(in: frame.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                frame = Array(frame.prefix(Int.random(in: 0...frame.count, using: &random)))
            }
            decodeEverything(of: frame, linkType: UInt8.random(in: 0...1, using: &random))
        }
    }

    @Test("random bytes are decoded without a trap")
    func randomBytes() {
        var random = SplitMix64(state: 9)
        for _ in 0..<5_000 {
            let frame = (0..<Int.random(in: 0...120, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            decodeEverything(of: frame, linkType: UInt8.random(in: 0...2, using: &random))
        }
    }

    /// Decodes all fields from an exactly sized allocation (whose neighbours a sanitizer watches) and checks that
    /// the kept bytes tell the same as the whole frame.
    private func decodeEverything(of frame: [UInt8], linkType: UInt8) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: frame)
        let bytes = UnsafeRawBufferPointer(copy)
        let whole = HeaderLayout(walking: bytes, linkType: linkType, frameLength: frame.count)
        let extent = HeaderLayout.extent(of: bytes, linkType: linkType)
        #expect(extent <= frame.count && Int(whole.end) <= frame.count)
        var metadata = hdrlog_record()
        metadata.frame_length = UInt32(frame.count)
        metadata.captured = UInt16(extent)
        metadata.link_type = linkType
        let kept = UnsafeRawBufferPointer(rebasing: bytes[..<extent])
        let record = HeaderRecord(time: 0, metadata: metadata, bytes: kept)
        if extent < Int(HDRLOG_MAX_CAPTURED) { #expect(record.layout == whole, "\(frame)") }
        let layout = record.layout
        for field in Field.allCases {
            guard case .bytes(let value) = record.value(of: field, layout) else { continue }
            let inside = value.baseAddress! >= kept.baseAddress! && value.count <= kept.count
            #expect(inside, "\(field.name)")
        }
    }
}
