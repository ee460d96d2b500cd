/// The order of a run's records by time, stable; memory is used again from block to block.
///
/// Rings are drained one after the other, so a run is a few sorted stretches: a natural merge sort passes over it
/// about log2(stretches) times.
final class TimeOrder {
    private(set) var indexes: UnsafeMutablePointer<UInt32>
    private var spare: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private var bounds: [Int] = []

    init(capacity: Int) {
        self.capacity = capacity
        indexes = .allocate(capacity: capacity)
        spare = .allocate(capacity: capacity)
    }

    deinit {
        indexes.deallocate()
        spare.deallocate()
    }

    func sort(_ run: RecordRun) {
        grow(run.count)
        for index in 0..<run.count { indexes[index] = UInt32(truncatingIfNeeded: index) }
        guard !run.isSorted else { return }
        findStretches(run)
        while bounds.count > 2 { mergePairs(run) }
    }

    private func grow(_ count: Int) {
        guard count > capacity else { return }
        indexes.deallocate()
        spare.deallocate()
        capacity = count
        indexes = .allocate(capacity: count)
        spare = .allocate(capacity: count)
    }

    private func findStretches(_ run: RecordRun) {
        bounds.removeAll(keepingCapacity: true)
        bounds.append(0)
        for index in 1..<run.count where run.time(at: index) < run.time(at: index - 1) { bounds.append(index) }
        bounds.append(run.count)
    }

    private func mergePairs(_ run: RecordRun) {
        var kept = 1
        var at = 0
        while at + 1 < bounds.count {
            let (start, middle) = (bounds[at], bounds[at + 1])
            let end = at + 2 < bounds.count ? bounds[at + 2] : middle
            merge(run, start, middle, end)
            bounds[kept] = end
            kept += 1
            at += 2
        }
        bounds.removeLast(bounds.count - kept)
        swap(&indexes, &spare)
    }

    private func merge(_ run: RecordRun, _ start: Int, _ middle: Int, _ end: Int) {
        var (left, right, out) = (start, middle, start)
        while left < middle, right < end {
            if run.time(at: Int(indexes[right])) < run.time(at: Int(indexes[left])) {
                spare[out] = indexes[right]
                right += 1
            } else {
                spare[out] = indexes[left]
                left += 1
            }
            out += 1
        }
        (spare + out).update(from: indexes + left, count: middle - left)
        (spare + out + middle - left).update(from: indexes + right, count: end - right)
    }
}
