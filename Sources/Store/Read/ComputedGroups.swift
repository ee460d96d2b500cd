internal import CHdrlog
internal import Records

/// Groups with sums, least and greatest values and numbers of different ones, record by record, in bounded memory.
final class ComputedGroups {
    private struct Group {
        var start: Int
        var length: Int
        var sums = AggregateSums()
    }

    /// Of one computation in one group.
    private struct State {
        var isSet = false
        var value: UInt64 = 0
        /// Of a sum.
        var variance = 0.0
        var distinct = DistinctCounter()
    }

    private static let mostGroups = 200_000
    private static let mostDistinctBytes = 64 << 20

    private let question: Aggregation
    private let key = GroupKey()
    private let valueKey = GroupKey()
    private let keys = ByteBuffer()
    private var groups: [Group] = []
    /// One a computation and group.
    private var states: [State] = []
    /// Group numbers by the keys' hashes; one that is taken by another key goes on to the next number.
    private var places: [UInt64: Int] = [:]
    private var names: [UInt32: String] = [:]
    private var distinctBytes = 0
    private var total = AggregateSums()
    private var rest = AggregateSums()

    init(_ question: Aggregation) { self.question = question }

    /// The different values found no room: the question has to ask for fewer groups.
    var isFull: Bool { distinctBytes > Self.mostDistinctBytes }

    func add(_ record: borrowing HeaderRecord, interface: String) {
        let (index, time) = (record.metadata.ifindex, record.time)
        if names[index] != interface { names[index] = interface }
        let layout = HeaderLayout(record)
        key.begin(bucket: question.bucket.map { bucketStart(time, $0) })
        for field in question.fields { key.append(record.value(of: field, layout), names) }
        let (length, rate) = (record.metadata.frame_length, record.metadata.rate)
        total.add(length: length, rate: rate)
        guard let group = find(key.buffer.bytes) else { return rest.add(length: length, rate: rate) }
        groups[group].sums.add(length: length, rate: rate)
        for (index, computation) in question.computations.enumerated() {
            guard let value = record.value(of: computation.field, layout) else { continue }
            add(value, rate, computation.function, &states[group * question.computations.count + index])
        }
    }

    private func add(_ value: FieldValue, _ rate: UInt32, _ function: Computation.Function, _ state: inout State) {
        guard function != .distinct else {
            valueKey.begin(bucket: nil)
            valueKey.append(value, names)
            distinctBytes += state.distinct.add(XXHash64.hash(valueKey.buffer.bytes))
            state.isSet = true
            return
        }
        let number: UInt64
        switch value {
        case .integer(let integer): number = integer
        case .time(let time): number = UInt64(clamping: time)
        case .boolean(let flag): number = flag ? 1 : 0
        default: return
        }
        switch function {
        case .min: state.value = state.isSet ? min(state.value, number) : number
        case .max: state.value = max(state.value, number)
        default:
            let (part, isTooLarge) = number.multipliedReportingOverflow(by: UInt64(rate))
            let (sum, isOver) = state.value.addingReportingOverflow(part)
            state.value = isTooLarge || isOver ? .max : sum
            state.variance += Double(rate) * Double(rate - min(rate, 1)) * Double(number) * Double(number)
        }
        state.isSet = true
    }

    private func bucketStart(_ time: Int64, _ bucket: Int64) -> Int64 {
        let rest = time % bucket
        return time - (rest < 0 ? rest + bucket : rest)
    }

    /// The group of a key; nil when there is no room for another one.
    private func find(_ key: UnsafeRawBufferPointer) -> Int? {
        var hash = XXHash64.hash(key)
        while let found = places[hash] {
            if self.key(found).elementsEqual(key) { return found }
            hash &+= 1
        }
        guard groups.count < min(question.mostGroups, Self.mostGroups) else { return nil }
        places[hash] = groups.count
        groups.append(Group(start: keys.count, length: key.count))
        keys.append(key)
        states += repeatElement(State(), count: question.computations.count)
        return groups.count - 1
    }

    private func key(_ group: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: UnsafeRawPointer(keys.base + groups[group].start), count: groups[group].length)
    }

    func result(_ completeness: QueryResult) -> AggregateResult {
        var result = AggregateResult(completeness: completeness)
        (result.total, result.rest, result.groupCount) = (total, rest, groups.count)
        let greatest = groups.indices.sorted { left, right in
            let (a, b) = (measure(left), measure(right))
            return a != b ? a > b : key(left).lexicographicallyPrecedes(key(right))
        }
        result.groups = greatest.prefix(question.limit ?? .max).map(group)
        if question.bucket != nil {
            let ordered = result.groups.enumerated().sorted {
                ($0.element.bucket ?? 0, $0.offset) < ($1.element.bucket ?? 0, $1.offset)
            }
            result.groups = ordered.map(\.element)
        }
        return result
    }

    private func measure(_ group: Int) -> UInt64 {
        question.measure == .bytes ? groups[group].sums.estimatedBytes : groups[group].sums.estimatedPackets
    }

    private func group(_ number: Int) -> AggregateGroup {
        let (bucket, values) = GroupKey.values(
            key(number), fields: question.fields.count, hasBucket: question.bucket != nil)
        let first = number * question.computations.count
        let computed = question.computations.enumerated().map { index, computation in
            Self.value(states[first + index], computation.function)
        }
        return AggregateGroup(bucket: bucket, values: values, sums: groups[number].sums, computed: computed)
    }

    private static func value(_ state: State, _ function: Computation.Function) -> ComputedValue {
        guard state.isSet else { return ComputedValue(value: function == .distinct ? 0 : nil) }
        switch function {
        case .distinct: return ComputedValue(value: state.distinct.value, isApproximate: state.distinct.isApproximate)
        case .min, .max: return ComputedValue(value: state.value)
        case .sum:
            let margin = state.variance > 0 ? AggregateSums.margin(variance: state.variance) : nil
            return ComputedValue(value: state.value, margin: margin)
        }
    }
}
