/// The two tail files that take turns, made when they are first needed.
struct TailPair: ~Copyable {
    private let directory: StoreDirectory
    private var current: TailFile?
    private var other: TailFile?
    private var turn = 0

    init(_ directory: StoreDirectory) { self.directory = directory }

    /// Goes on to the next block's tail. The one before stays as it is until the turn after this.
    /// - Returns: whether the file that is now overwritten held records: then its block must be safe first.
    mutating func turnOver() -> Bool {
        swap(&current, &other)
        turn ^= 1
        guard let tail = takeCurrent() else { return false }
        let isUsed = tail.isUsed
        putBack(tail)
        return isUsed
    }

    mutating func begin(_ place: BlockPlace, names: [UInt32: String], flushed: Int64) throws(StoreError) {
        var tail = try takeOrOpen()
        tail.begin(place, names: names, flushed: flushed)
        putBack(tail)
    }

    private mutating func takeOrOpen() throws(StoreError) -> TailFile {
        if let tail = takeCurrent() { return tail }
        return try TailFile(path: directory.path(of: SegmentName.tails[turn]))
    }

    mutating func takeCurrent() -> TailFile? { current.take() }

    mutating func putBack(_ tail: consuming TailFile) { current = consume tail }
}
