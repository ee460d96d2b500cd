internal import CPrefetch
internal import Glibc

/// Sums by group, in bounded memory.
///
/// Look-ups are at random places of a table larger than the caches, so what one needs lies together: a group with a
/// short key is one cache line, and a large table has large pages, as far as the kernel has them. Short keys wait for
/// one another, while the memory fetches what their look-ups will need.
final class GroupTable {
    /// 64 bytes: the key's first bytes, the sums, and where a longer key lies.
    private struct Entry {
        var key: GroupKey.Head
        var sums: AggregateSums
        var length: UInt32
        var start: UInt32
    }

    private(set) var total = AggregateSums()
    private(set) var rest = AggregateSums()
    private let most: Int
    private var count = 0
    private var capacity = 1024
    private var entries: UnsafeMutablePointer<Entry>
    /// Twice as many as entries: 7 bits of the hash, 25 of the entry's number + 1; 0 is free.
    private var slots: UnsafeMutablePointer<UInt32>
    private static let numberMask: UInt32 = 1 << 25 - 1
    /// Keys that are too long for their entry.
    private let arena = ByteBuffer()

    /// A short key that waits to be looked up.
    private struct Waiting {
        var key: GroupKey.Head
        var sums: AggregateSums
        var hash: UInt64 = 0
        var length: UInt32
    }

    private static let mostWaiting = 64
    private let waiting = UnsafeMutablePointer<Waiting>.allocate(capacity: mostWaiting)
    private var waitingCount = 0
    /// Senders of packets cannot choose values whose keys collide.
    private let secrets = BytesDictionary.hashKeys

    init(most: Int) {
        self.most = min(most, Int(Self.numberMask) - 1)
        entries = Self.allocate(capacity)
        slots = Self.allocate(2 * capacity)
        slots.initialize(repeating: 0, count: 2 * capacity)
    }

    /// Memory that begins with a cache line, or with a large page where it has some.
    private static func allocate<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        let (size, largePage) = (count * MemoryLayout<Element>.stride, 2 << 20)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: size >= largePage ? largePage : 64)
        if size >= largePage { madvise(memory, size, MADV_HUGEPAGE) }
        return memory.bindMemory(to: Element.self, capacity: count)
    }

    deinit {
        entries.deallocate()
        slots.deallocate()
        waiting.deallocate()
    }

    func add(_ key: GroupKey, _ more: AggregateSums) {
        total.add(more)
        add(key.buffer.bytes, more)
    }

    /// Adds to the group of a short key, which the caller goes on to write and then calls `commitKey`.
    /// - Parameter key: what the key is to begin with, 0 beyond its end.
    @inline(__always)
    func nextKey(_ key: GroupKey.Head, _ count: Int, _ more: AggregateSums) -> UnsafeMutableRawPointer {
        total.add(more)
        let next = waiting + waitingCount
        next.initialize(to: Waiting(key: key, sums: more, length: UInt32(truncatingIfNeeded: count)))
        return UnsafeMutableRawPointer(next)
    }

    @inline(__always)
    func commitKey() {
        waitingCount &+= 1
        if waitingCount == Self.mostWaiting { settle() }
    }

    func take(_ other: GroupTable) {
        other.settle()
        total.add(other.total)
        rest.add(other.rest)
        for number in 0..<other.count { add(other.key(number), other.entries[number].sums) }
    }

    private func key(_ number: Int) -> UnsafeRawBufferPointer {
        let (length, start) = (Int(entries[number].length), Int(entries[number].start))
        let isInline = length <= GroupKey.inlineCount
        return UnsafeRawBufferPointer(
            start: isInline ? UnsafeRawPointer(entries + number) : UnsafeRawPointer(arena.base + start), count: length)
    }

    /// Keys have `GroupKey.inlineCount` bytes at least, those beyond their length 0.
    private func add(_ key: UnsafeRawBufferPointer, _ more: AggregateSums) {
        let head = GroupKey.head(of: key.baseAddress!)
        guard key.count <= GroupKey.inlineCount else {
            return add(key, head, BytesDictionary.hash(key), more)
        }
        (waiting + waitingCount).initialize(to: Waiting(key: head, sums: more, length: UInt32(key.count)))
        commitKey()
    }

    /// Adds what waits.
    private func settle() {
        let mask = 2 &* capacity &- 1
        // Not as soon as a key is there: its parts have to be stored before it can be loaded as a whole.
        for index in 0..<waitingCount {
            let hash = hash(waiting[index].key)
            waiting[index].hash = hash
            hdrlog_prefetch(slots + (Int(truncatingIfNeeded: hash) & mask))
        }
        for index in 0..<waitingCount {
            let slot = slots[Int(truncatingIfNeeded: waiting[index].hash) & mask]
            hdrlog_prefetch(entries + (Int(slot & Self.numberMask) &- 1))
        }
        for index in 0..<waitingCount {
            let one = UnsafeRawPointer(waiting + index)
            let key = UnsafeRawBufferPointer(start: one, count: Int(waiting[index].length))
            add(key, waiting[index].key, waiting[index].hash, waiting[index].sums)
        }
        waitingCount = 0
    }

    @inline(__always)
    private func add(
        _ key: UnsafeRawBufferPointer, _ head: GroupKey.Head, _ hash: UInt64, _ more: AggregateSums
    ) {
        let isInline = key.count <= GroupKey.inlineCount
        let tag = UInt32(truncatingIfNeeded: hash >> 32) & ~Self.numberMask
        let mask = 2 &* capacity &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot] & Self.numberMask) &- 1
            if slots[slot] & ~Self.numberMask == tag, entries[number].length == UInt32(key.count),
                isInline ? entries[number].key == head : self.key(number).elementsEqual(key)
            {
                return entries[number].sums.add(more)
            }
            slot = (slot &+ 1) & mask
        }
        // A full table still counts for the groups that it has, but takes no new ones.
        guard count < most else { return rest.add(more) }
        (entries + count).initialize(
            to: Entry(key: head, sums: more, length: UInt32(key.count), start: UInt32(arena.count)))
        if !isInline { arena.append(key) }
        count += 1
        slots[slot] = tag | UInt32(truncatingIfNeeded: count)
        if count == capacity { grow() }
    }

    @inline(__always)
    private func hash(_ head: GroupKey.Head) -> UInt64 {
        BytesDictionary.hash(BytesDictionary.hash(head.0, head.1, secrets), head.2, (secrets.1, secrets.0))
    }

    private func grow() {
        let oldEntries = entries
        capacity *= 4
        entries = Self.allocate(capacity)
        entries.moveInitialize(from: oldEntries, count: count)
        oldEntries.deallocate()
        slots.deallocate()
        slots = Self.allocate(2 * capacity)
        slots.initialize(repeating: 0, count: 2 * capacity)
        let mask = 2 * capacity - 1
        for number in 0..<count {
            let hash = self.hash(number)
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: hash >> 32) & ~Self.numberMask | UInt32(number + 1)
        }
    }

    private func hash(_ number: Int) -> UInt64 {
        let isInline = Int(entries[number].length) <= GroupKey.inlineCount
        return isInline ? hash(entries[number].key) : BytesDictionary.hash(key(number))
    }

    func result(_ question: Aggregation, _ completeness: QueryResult) -> AggregateResult {
        settle()
        var result = AggregateResult(completeness: completeness)
        (result.total, result.rest, result.groupCount) = (total, rest, count)
        result.completeness.delivered = Int(clamping: total.records)
        result.groups = greatest(question.limit ?? count, question.measure).map { number in
            let (bucket, values) = GroupKey.values(
                key(number), fields: question.fields.count, hasBucket: question.bucket != nil)
            return AggregateGroup(bucket: bucket, values: values, sums: entries[number].sums)
        }
        if question.bucket != nil {
            let ordered = result.groups.enumerated().sorted {
                ($0.element.bucket ?? 0, $0.offset) < ($1.element.bucket ?? 0, $1.offset)
            }
            result.groups = ordered.map(\.element)
        }
        return result
    }

    /// The greatest groups in their order; ties in the order of their keys, so that the same question has the same
    /// answer.
    private func greatest(_ limit: Int, _ measure: Aggregation.Measure) -> [Int] {
        guard limit > 0 else { return [] }
        let entries = entries
        func value(_ number: Int) -> UInt64 {
            measure == .bytes ? entries[number].sums.estimatedBytes : entries[number].sums.estimatedPackets
        }
        func cut(_ found: inout [Int]) {
            found.sort {
                let (left, right) = (value($0), value($1))
                return left != right ? left > right : key($0).lexicographicallyPrecedes(key($1))
            }
            found.removeLast(max(0, found.count - limit))
        }
        var found: [Int] = []
        var least: UInt64 = 0
        // Now and then what is too small is cut off, so that little is ever sorted.
        for number in 0..<count where value(number) >= least {
            found.append(number)
            guard found.count >= 1024, found.count / 2 >= limit else { continue }
            cut(&found)
            if found.count == limit { least = value(found[limit - 1]) }
        }
        cut(&found)
        return found
    }
}
