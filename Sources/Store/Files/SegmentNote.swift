/// Keys of the table `segment`, beside `state`, `start` and `closed`.
enum SegmentNote {
    /// Which counting the next ones belong to; see `StoreWriter.open`.
    static let counting = "counting"

    /// Of a running segment: records of so many nanoseconds may be in memory only. 0 or absent: a flush writes them.
    static let unsynced = "unsynced"

    /// The records of this tail are in the segment: they were taken over when its block had not been written.
    static func recovered(_ place: BlockPlace) -> String { "recovered \(place.segment) \(place.number)" }

    /// Records of a source that were stored, and lost, from the beginning of the counting to the segment's last block.
    static func stored(_ source: StoreStatistics.Source) -> String { "stored \(source.interface) \(source.direction)" }
    static func lost(_ source: StoreStatistics.Source) -> String { "lost \(source.interface) \(source.direction)" }

    /// The tallies among a segment's notes.
    static func tallies(_ notes: [String: Int64]) -> [StoreStatistics.Source: StoreStatistics.Tally] {
        var found: [StoreStatistics.Source: StoreStatistics.Tally] = [:]
        for (key, value) in notes {
            let words = key.split(separator: " ")
            guard words.count == 3, let interface = UInt32(words[1]), let direction = UInt8(words[2]) else { continue }
            let source = StoreStatistics.Source(interface: interface, direction: direction)
            var tally = found[source] ?? StoreStatistics.Tally()
            if words[0] == "stored" { tally.stored = UInt64(clamping: value) }
            if words[0] == "lost" { tally.lost = UInt64(clamping: value) }
            tally.received = tally.stored + tally.lost
            found[source] = tally
        }
        return found
    }
}
