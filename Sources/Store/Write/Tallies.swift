internal import CHdrlog
internal import Records

/// Counts by interface and direction without a look-up per record: neighbours mostly come from the same source.
struct Tallies {
    private var sources: [StoreStatistics.Source] = []
    private var counts: [StoreStatistics.Tally] = []
    private var at = -1

    init() {}

    /// Goes on from where an earlier process stopped.
    init(_ carried: [StoreStatistics.Source: StoreStatistics.Tally]) {
        sources = Array(carried.keys)
        counts = sources.map { carried[$0]! }
    }

    @inline(__always)
    private mutating func find(_ record: borrowing hdrlog_record) {
        let (interface, direction) = (record.ifindex, record.direction)
        if at >= 0, sources[at].interface == interface, sources[at].direction == direction { return }
        find(StoreStatistics.Source(interface: interface, direction: direction))
    }

    private mutating func find(_ source: StoreStatistics.Source) {
        at = sources.firstIndex(of: source) ?? add(source)
    }

    private mutating func add(_ source: StoreStatistics.Source) -> Int {
        sources.append(source)
        counts.append(StoreStatistics.Tally())
        return sources.count - 1
    }

    @inline(__always)
    mutating func receive(_ record: borrowing HeaderRecord) {
        find(record.metadata)
        counts[at].received &+= 1
    }

    mutating func lose(_ record: borrowing HeaderRecord) {
        find(record.metadata)
        counts[at].received &+= 1
        counts[at].lost &+= 1
    }

    /// Records that were lost before they came here.
    mutating func lose(_ count: UInt64, of source: StoreStatistics.Source) {
        find(source)
        counts[at].received += count
        counts[at].lost += count
    }

    /// An interface begins anew.
    mutating func forget(_ interface: UInt32) {
        for index in sources.indices where sources[index].interface == interface {
            counts[index] = StoreStatistics.Tally()
        }
    }

    /// These records are in a block now.
    /// - Parameter disowned: of these, so many belong to what was forgotten.
    mutating func store(_ run: RecordRun, disowned: [StoreStatistics.Source: UInt64]) {
        for index in 0..<run.count {
            find(run.metadata(at: index))
            counts[at].stored &+= 1
        }
        for (source, count) in disowned {
            find(source)
            counts[at].stored &-= count
        }
    }

    var all: [StoreStatistics.Source: StoreStatistics.Tally] {
        Dictionary(uniqueKeysWithValues: zip(sources, counts))
    }
}
