/// Sums by group, in bounded memory.
final class GroupTable {
    private let keys = BytesDictionary(capacity: 1024)
    private var sums: [AggregateSums] = []
    private(set) var total = AggregateSums()
    private(set) var rest = AggregateSums()
    private let most: Int

    init(most: Int) { self.most = most }

    func add(_ key: GroupKey, _ more: AggregateSums) {
        total.add(more)
        add(key.buffer.bytes, more)
    }

    func take(_ other: GroupTable) {
        total.add(other.total)
        rest.add(other.rest)
        for number in other.sums.indices { add(other.keys[number], other.sums[number]) }
    }

    private func add(_ key: UnsafeRawBufferPointer, _ more: AggregateSums) {
        // A full table still counts for the groups that it has, but takes no new ones.
        if sums.count >= most, keys.find(key) == nil { return rest.add(more) }
        let (number, isNew) = keys.number(of: key)
        if isNew { sums.append(AggregateSums()) }
        sums[number].add(more)
    }

    func result(_ question: Aggregation, _ completeness: QueryResult) -> AggregateResult {
        var result = AggregateResult(completeness: completeness)
        (result.total, result.rest, result.groupCount) = (total, rest, sums.count)
        var order = Array(sums.indices)
        let measured = sums.map { question.measure == .bytes ? $0.estimatedBytes : $0.estimatedPackets }
        // Ties in the order of their keys, so that the same question has the same answer.
        order.sort { measured[$0] != measured[$1] ? measured[$0] > measured[$1] : keys.precedes($0, $1) }
        if let limit = question.limit { order.removeLast(max(0, order.count - limit)) }
        result.groups = order.map { number in
            let (bucket, values) = GroupKey.values(
                keys[number], fields: question.fields.count, hasBucket: question.bucket != nil)
            return AggregateGroup(bucket: bucket, values: values, sums: sums[number])
        }
        if question.bucket != nil {
            let ordered = result.groups.enumerated().sorted {
                ($0.element.bucket ?? 0, $0.offset) < ($1.element.bucket ?? 0, $1.offset)
            }
            result.groups = ordered.map(\.element)
        }
        return result
    }
}
