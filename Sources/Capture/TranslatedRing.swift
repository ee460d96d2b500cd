internal import BPF
internal import CHdrlog
internal import CLinux
internal import Glibc

/// One CPU's ring as another version's programs wrote it: walked as `RecordRing` walks its own, but records become those
/// of this version on the way. Slower, and only until it is empty.
final class TranslatedRing: ReadableRing {
    private let produced: UnsafePointer<UInt64>
    private let consumed: UnsafeMutablePointer<UInt64>
    private let bytes: UnsafeRawBufferPointer
    private let piece: UInt64
    /// Behind this, a piece has no further record.
    private let last: UInt64
    private let translation: Translation
    /// One record as this version has it.
    private let record: UnsafeMutableRawBufferPointer
    /// Keeps the memory.
    private let shared: [SharedMemory]

    private static let prefix = MemoryLayout<hdrlog_record>.size

    private init(
        _ position: UnsafeMutableRawPointer, _ ring: Structure, _ bytes: UnsafeRawBufferPointer, piece: Int,
        longest: Int, _ translation: Translation, _ shared: [SharedMemory]
    ) {
        let (produced, consumed) = (ring.fields["produced"]!, ring.fields["consumed"]!)
        self.produced = UnsafePointer((position + produced.offset).assumingMemoryBound(to: UInt64.self))
        self.consumed = (position + consumed.offset).assumingMemoryBound(to: UInt64.self)
        self.bytes = bytes
        (self.piece, last) = (UInt64(piece), UInt64(piece - longest))
        self.translation = translation
        self.shared = shared
        record = .allocate(byteCount: MemoryLayout<hdrlog_longest_record>.size, alignment: 8)
    }

    deinit { record.deallocate() }

    /// The rings of all CPUs.
    /// - Returns: nil when a field is missing without which they cannot be walked.
    static func all(_ maps: InheritedMaps, _ own: [String: Structure]) throws(BPFError)
        -> (rings: [TranslatedRing], size: Int)?
    {
        guard let positions = maps.map("rings"), let pieces = maps.map("ring_bytes"),
            let ring = maps.structures["hdrlog_ring"], let record = maps.structures["hdrlog_record"],
            let longest = maps.structures["hdrlog_longest_record"], let ours = own["hdrlog_record"],
            ring.fields["produced"]?.size == 8, ring.fields["consumed"]?.size == 8,
            ["boot_ns", "ifindex", "captured", "generation"].allSatisfy({ record.fields[$0] != nil }),
            positions.valueSize == ring.size, pieces.valueSize == maps.structures["hdrlog_ring_piece"]?.size,
            longest.size < pieces.valueSize, positions.entries > 0
        else { return nil }
        let size = pieces.entries / positions.entries * pieces.valueSize
        let translation = Translation(from: record, to: ours)
        let shared = [try positions.shared(), try pieces.shared()]
        let rings = (0..<positions.entries).map { processor in
            TranslatedRing(
                shared[0].bytes.baseAddress! + processor * positions.valueSize, ring,
                UnsafeRawBufferPointer(rebasing: shared[1].bytes[(processor * size)..<((processor + 1) * size)]),
                piece: pieces.valueSize, longest: longest.size, translation, shared)
        }
        return (rings, size)
    }

    func drain(_ take: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var at = consumed.pointee
        defer { hdrlog_release_u64(consumed, at) }
        while at < hdrlog_acquire_u64(produced) {
            if at % piece > last { at = (at / piece + 1) * piece }
            let length = translate(bytes.baseAddress! + Int(at % UInt64(bytes.count)))
            guard take(UnsafeRawBufferPointer(rebasing: record[..<length.here])) else { return false }
            at += UInt64(length.there)
        }
        return true
    }

    /// Makes a record this version's own. Of longer headers than this version keeps, it keeps the first bytes.
    /// - Returns: bytes that it takes there and here.
    private func translate(_ from: UnsafeRawPointer) -> (there: Int, here: Int) {
        _ = record.initializeMemory(as: UInt8.self, repeating: 0)
        translation.apply(from, to: record.baseAddress!)
        let prefix = record.baseAddress!.assumingMemoryBound(to: hdrlog_record.self)
        let captured = Int(prefix.pointee.captured)
        let kept = min(captured, Int(HDRLOG_MAX_CAPTURED))
        prefix.pointee.captured = UInt16(kept)
        (record.baseAddress! + Self.prefix).copyMemory(from: from + translation.sizes.from, byteCount: kept)
        func padded(_ length: Int) -> Int { (length + 7) & ~7 }
        return (translation.sizes.from + padded(captured), Self.prefix + padded(kept))
    }
}
