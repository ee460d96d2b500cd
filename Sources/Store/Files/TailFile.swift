internal import CHdrlog

/// The records that are not yet in a block, in a plain file: what a killed process, or a power cut, leaves to read.
///
/// A SQLite commit a second writes 6–26 kB for a few hundred bytes of records; an append to this file only those.
/// Two files take turns: the one of block N is not overwritten before block N itself is safe from a power cut. A file in
/// memory (`StoreWriter.open`) is gone with the power anyway and needs no other.
///
///     header   magic "hdrltail", segment i64, block i64, flushed i64, length i64, xxh64 of these
///     batch    kind u32 (1 names, 2 records), stored u32, raw u32, 0 u32, xxh64 (seeded with the place), bytes
///
/// A batch whose checksum fails ends the file: what lies behind it belongs to an earlier block. When that is before
/// the length that the header tells, batches are damaged.
struct TailFile: ~Copyable {
    fileprivate static let magic: UInt64 = 0x6C69_6174_6C72_6468
    fileprivate static let headerLength = 48
    private static let batchLength = 24

    private let file: File
    private let compressor = ZstdCompressor()
    private let buffer = ByteBuffer()
    private var place = BlockPlace(segment: 0, number: 0)
    private var end = TailFile.headerLength
    /// Records of the block that are already in the file, as bytes of the run.
    private(set) var kept = 0
    /// Records were written since the last `begin`.
    private(set) var isUsed = false
    private var isDirty = false
    /// What stands at the beginning of a tail that has not been written yet.
    private var notBegun: (names: [UInt32: String], flushed: Int64)?

    /// The file takes memory, which is given back with each block.
    private let isMemory: Bool

    init(path: String) throws(StoreError) {
        file = try File(path, .create)
        isMemory = false
    }

    /// - Parameter memory: a file in memory; the descriptor stays the property of the caller.
    init(memory: Int32) throws(StoreError) {
        file = try File(duplicating: memory, name: "the tail in memory")
        isMemory = true
    }

    /// What it holds from an earlier process; nil when there is nothing, or the header is damaged.
    var contents: TailContents? { TailContents(file) }

    /// Begins the tail of a block. The file is not touched before there is something to keep: where blocks fill faster
    /// than they are flushed, each write saved spares flash. Until then it holds what belongs to an earlier block.
    mutating func begin(_ place: BlockPlace, names: [UInt32: String], flushed: Int64) {
        self.place = place
        (end, kept, isUsed, isDirty) = (Self.headerLength, 0, false, false)
        notBegun = (names, flushed)
    }

    private mutating func writeBeginning() throws(StoreError) {
        guard let (names, flushed) = notBegun else { return }
        if isMemory { try file.truncate(to: 0) }
        end = Self.headerLength
        try writeHeader(flushed)
        try write(names)
        notBegun = nil
    }

    /// Notes that everything up to now is in the file.
    mutating func mark(flushed: Int64) throws(StoreError) {
        try writeBeginning()
        try writeHeader(flushed)
    }

    private mutating func writeHeader(_ flushed: Int64) throws(StoreError) {
        buffer.count = 0
        buffer.append(Self.magic)
        buffer.append(place.segment)
        buffer.append(place.number)
        buffer.append(flushed)
        buffer.append(Int64(end))
        buffer.append(XXHash64.hash(buffer.bytes))
        try file.write(buffer.bytes, at: 0)
        isDirty = true
    }

    /// Appends what the run holds beyond `kept`.
    mutating func append(_ run: RecordRun) throws(StoreError) {
        guard run.used > kept else { return }
        try writeBeginning()
        try append(kind: 2, UnsafeRawBufferPointer(rebasing: run.bytes[kept...]))
        kept = run.used
        isUsed = true
    }

    mutating func append(names: [UInt32: String]) throws(StoreError) {
        guard let (_, flushed) = notBegun else { return try write(names) }
        notBegun = (names, flushed)
    }

    private mutating func write(_ names: [UInt32: String]) throws(StoreError) {
        let text = ByteBuffer()
        for (index, name) in names {
            text.append(index)
            text.append(name: name)
        }
        try append(kind: 1, text.bytes)
    }

    private mutating func append(kind: UInt32, _ raw: UnsafeRawBufferPointer) throws(StoreError) {
        buffer.count = Self.batchLength
        compressor.compress(raw, to: buffer)
        let stored = UnsafeRawBufferPointer(rebasing: buffer.bytes[Self.batchLength...])
        let checksum = XXHash64.hash(stored, seed: place.seed)
        let length = buffer.count
        buffer.count = 0
        buffer.append(kind)
        buffer.append(UInt32(length - Self.batchLength))
        buffer.append(UInt32(raw.count))
        buffer.append(UInt32(0))
        buffer.append(checksum)
        buffer.count = length
        try file.write(buffer.bytes, at: end)
        end += length
        isDirty = true
    }

    /// Of a tail without records there is nothing that a power cut could take.
    mutating func sync() throws(StoreError) {
        guard isDirty, isUsed else { return }
        try file.sync()
        isDirty = false
    }

    /// Gives back what the file takes.
    func clear() throws(StoreError) { try file.truncate(to: 0) }
}

/// What a tail file holds.
struct TailContents {
    var place: BlockPlace
    /// When everything before was in the file, UTC nanoseconds.
    var flushed: Int64
    var names: [UInt32: String] = [:]
    var run: RecordRun
    /// The file does not hold all that its header tells of.
    var isDamaged = false

    /// Reads a tail; nil when there is none or its header is damaged.
    init?(path: String) {
        guard let file = try? File(path, .read) else { return nil }
        self.init(file)
    }

    init?(_ file: borrowing File) {
        guard let bytes = try? file.read() else { return nil }
        let parsed = bytes.withUnsafeBytes { Self.parse($0) }
        guard let parsed else { return nil }
        self = parsed
    }

    private init(place: BlockPlace, flushed: Int64, run: RecordRun) {
        (self.place, self.flushed, self.run) = (place, flushed, run)
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> TailContents? {
        var cursor = ByteCursor(bytes)
        guard let magic = try? cursor.take(UInt64.self), magic == TailFile.magic,
            let segment = try? cursor.take(Int64.self), let number = try? cursor.take(Int64.self),
            let flushed = try? cursor.take(Int64.self), let length = try? cursor.take(Int64.self),
            let checksum = try? cursor.take(UInt64.self),
            checksum == XXHash64.hash(UnsafeRawBufferPointer(rebasing: bytes[..<(TailFile.headerLength - 8)]))
        else { return nil }
        let raw = ByteBuffer()
        var contents = TailContents(
            place: BlockPlace(segment: segment, number: number), flushed: flushed, run: RecordRun(maximumCount: 1))
        var end = TailFile.headerLength
        while let kind = contents.takeBatch(&cursor, raw) {
            if kind == 1 { contents.takeNames(raw.bytes) } else { contents.takeRecords(raw.bytes) }
            end = cursor.offset
        }
        contents.isDamaged = end < length
        return contents
    }

    /// Unpacks the next batch, nil when there is none.
    private func takeBatch(_ cursor: inout ByteCursor, _ raw: ByteBuffer) -> UInt32? {
        guard let kind = try? cursor.take(UInt32.self), kind == 1 || kind == 2,
            let stored = try? cursor.take(UInt32.self), let length = try? cursor.take(UInt32.self),
            (try? cursor.take(UInt32.self)) != nil, let checksum = try? cursor.take(UInt64.self),
            let bytes = try? cursor.take(bytes: Int(stored)), length < 64 << 20,
            XXHash64.hash(bytes, seed: place.seed) == checksum
        else { return nil }
        raw.count = 0
        return ZstdDecompressor().decompress(bytes, count: Int(length), to: raw) ? kind : nil
    }

    private mutating func takeNames(_ bytes: UnsafeRawBufferPointer) {
        var cursor = ByteCursor(bytes)
        while let index = try? cursor.take(UInt32.self), let name = try? cursor.takeName() { names[index] = name }
    }

    private mutating func takeRecords(_ bytes: UnsafeRawBufferPointer) {
        let larger = RecordRun(maximumCount: run.count + bytes.count / RecordRun.prefix + 1)
        _ = larger.append(contents: run.bytes)
        _ = larger.append(contents: bytes)
        run = larger
    }
}

extension TailContents {
    /// What is missing if it is damaged: from the last record before that to when it was flushed.
    /// - Parameter moment: up to which everything is known to be there otherwise.
    func damage(since moment: Int64?) -> Gap? {
        guard isDamaged else { return nil }
        return Gap(from: run.isEmpty ? min(moment ?? flushed, flushed) : run.last, to: flushed, reason: .damaged)
    }
}

extension [TailContents] {
    /// One of each block: what a tail in memory and one on the disk have of it in common are the same records.
    var longestOfEach: [TailContents] {
        var longest: [BlockPlace: TailContents] = [:]
        for tail in self where (longest[tail.place]?.run.count ?? -1) < tail.run.count { longest[tail.place] = tail }
        return longest.values.sorted { $0.place < $1.place }
    }

    /// Whether a tail knows of blocks that are neither in their segment nor in another tail.
    func lack(blocksOf info: SegmentInfo) -> Bool {
        let mine = filter { $0.place.segment == info.start }
        guard let latest = mine.map(\.place.number).max(), latest > info.blocks + 1 else { return false }
        return ((info.blocks + 1)..<latest).contains { number in !mine.contains { $0.place.number == number } }
    }

    /// The stretch that the missing blocks are of: from the last that is there to the first record of the tail.
    func gap(behind info: SegmentInfo) -> Gap {
        let mine = filter { $0.place.segment == info.start }
        let next = mine.map { $0.run.isEmpty ? $0.flushed : $0.run.first }.max() ?? info.newest
        return Gap(from: info.newest, to: next, reason: .damaged)
    }
}
