public import Records

/// A question about what was counted: totals over a time range, per interface, direction, kind and value.
public struct CounterQuery: Sendable {
    /// UTC nanoseconds. An interval counts as a whole: its shares are not split.
    public var range: Range<Int64> = .min ..< .max
    /// All when empty.
    public var kinds: Set<CounterKind> = []
    /// A name; nil for all.
    public var interface: String?
    public var direction: Direction?
    /// Length of the time buckets, nanoseconds; an interval belongs to the one in which it ends.
    public var bucket: Int64?
    /// More totals than this are an error: the memory that a question takes is bounded.
    public var mostTotals = 50_000

    public init() {}
}

extension FlowReader {
    /// - Parameter isCancelled: asked for each interval.
    /// - Throws: `.unsupported` when the answer would have more than `mostTotals`.
    public func counters(
        _ query: CounterQuery, isCancelled: () -> Bool = { false }
    ) throws(StoreError) -> CounterAnswer {
        var answer = CounterAnswer()
        var sums = CounterSums(query: query)
        let scan = try forEach(in: query.range) { interval, _ in
            sums.add(interval)
            let covered = answer.covered ?? interval.from...interval.to
            answer.covered = min(covered.lowerBound, interval.from)...max(covered.upperBound, interval.to)
            return !sums.isFull && !isCancelled()
        }
        guard !sums.isFull else {
            throw .unsupported(
                "more than \(query.mostTotals) counts: ask for longer buckets, fewer kinds or one interface")
        }
        (answer.damage, answer.gaps) = (scan.damage, scan.gaps.map(MissingStretch.init))
        answer.totals = sums.sorted
        return answer
    }
}

private struct CounterSums {
    /// The interface counts by its name: an index may stand for another one after a restart.
    private struct Key: Hashable, Comparable {
        var bucket: Int64
        var interface: String
        /// Direction, kind and value.
        var rest: UInt64

        static func < (left: Key, right: Key) -> Bool {
            (left.bucket, left.interface, left.rest) < (right.bucket, right.interface, right.rest)
        }
    }

    let query: CounterQuery
    private var totals: [Key: CounterTotal] = [:]

    init(query: CounterQuery) { self.query = query }

    var isFull: Bool { totals.count > query.mostTotals }
    var sorted: [CounterTotal] { totals.sorted { $0.key < $1.key }.map(\.value) }

    mutating func add(_ interval: FlowInterval) {
        let bucket = query.bucket.map { length in (interval.to - 1) / length * length }
        for sample in interval.counters where isSelected(sample) {
            let interface = interval.names[sample.interface] ?? "\(sample.interface)"
            guard query.interface == nil || query.interface == interface else { continue }
            let rest = UInt64(sample.direction.rawValue) << 40 | UInt64(sample.kind.rawValue) << 32
            let key = Key(bucket: bucket ?? 0, interface: interface, rest: rest | UInt64(sample.value))
            totals[
                key,
                default: CounterTotal(
                    bucket: bucket, interface: interface, direction: sample.direction, kind: sample.kind,
                    value: sample.value, frames: 0, bytes: 0)
            ].add(sample)
        }
    }

    private func isSelected(_ sample: CounterSample) -> Bool {
        (query.kinds.isEmpty || query.kinds.contains(sample.kind))
            && (query.direction == nil || query.direction == sample.direction)
    }
}

extension CounterTotal {
    fileprivate mutating func add(_ sample: CounterSample) {
        frames &+= sample.frames
        bytes &+= sample.bytes
    }
}
