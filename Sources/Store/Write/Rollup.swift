internal import CPrefetch

/// The sums of a whole segment, by flow and by class, gathered while its blocks are written: questions about more
/// than one block are answered by one look-up a flow, not one for each block that the flow is in.
///
/// It has what tells groups apart in most questions: class, addresses and ports, not MAC pairs and flow labels. Memory
/// is bounded: of traffic with too many flows, of which such sums would spare little, there is none.
final class Rollup {
    /// Flows and classes are numbered in the order of their first appearance.
    private struct Flow {
        var key: Key
        var bytes: UInt64 = 0
        var records: UInt32 = 0
        /// Where the addresses are among `addresses6`, if it is one of IPv6.
        var place: UInt32
    }

    private struct Key: Equatable {
        var classNumber: UInt32
        /// Source and destination << 16, as in the header.
        var ports: UInt32
        /// Source and destination << 32: an IPv4 address as in the header, or the hash of one of IPv6.
        var addresses: UInt64

        var reversed: Key {
            Key(
                classNumber: classNumber, ports: ports << 16 | ports >> 16,
                addresses: addresses << 32 | addresses >> 32)
        }

        @inline(__always)
        func hasSameEnds(_ other: Key) -> Bool { ports == other.ports && addresses == other.addresses }

        @inline(__always)
        func hash(_ secrets: (UInt64, UInt64)) -> UInt64 {
            BytesDictionary.hash(UInt64(classNumber) << 32 | UInt64(ports), addresses, secrets)
        }
    }

    /// A class of the block that is being added.
    private struct Form {
        /// In this segment.
        var number: UInt32
        var network: HeaderShape.Network
        /// In the flow's key.
        var addresses: Int
        /// Likewise; nil without ports.
        var ports: Int?

        init(_ key: UnsafeRawBufferPointer, _ number: Int) {
            let shape = FlowKeyBytes.shape(key)!
            self.number = UInt32(truncatingIfNeeded: number)
            network = shape.network
            addresses = FlowKeyBytes.prefix + shape.addresses.offset
            ports = shape.ports ? FlowKeyBytes.prefix + shape.transportOffset : nil
        }
    }

    /// A flow that is being looked up.
    private struct Waiting {
        var key: Key
        var hash: UInt64
        /// The addresses of IPv6.
        var addresses6: UnsafeRawPointer?
    }

    private static let mostFlows = 1 << 18
    /// A full block with more has little more than a record of each: to look them all up would cost the writer most when
    /// it has most to do.
    private static let mostFlowsOfBlock = 1 << 14
    private static let mostClassSums = 1 << 14
    /// So many flows of a block are looked up together, so that the memory fetches for many of them at a time.
    private static let batch = 64
    /// How often a flow has to be met in another block for the sums to be worth their room.
    private static let leastSpared = 8

    private let classes = BytesDictionary(capacity: 256)
    private let classSums = ClassSums(maximumCount: mostClassSums)
    /// 32 bytes each: a source and a destination.
    private let addresses6 = ByteBuffer()
    private var flows: UnsafeMutablePointer<Flow>
    /// Twice as many as there is room for flows, each a number + 1; 0 is free.
    private var slots: UnsafeMutablePointer<UInt32>
    private var capacity = 1024
    private var count = 0
    private var names: [UInt32: String] = [:]
    private var first = Int64.max
    private var last = Int64.min
    private var records = 0
    private var clock: Int64 = 0
    private var rates: ClosedRange<UInt32>?
    /// Flows of all blocks.
    private var met = 0
    private let waiting = UnsafeMutablePointer<Waiting>.allocate(capacity: batch)
    /// Senders of packets cannot choose flows that collide.
    private let secrets = BytesDictionary.hashKeys

    init() {
        flows = .allocate(capacity: capacity)
        slots = .allocate(capacity: 2 * capacity)
        slots.initialize(repeating: 0, count: 2 * capacity)
    }

    deinit {
        flows.deallocate()
        slots.deallocate()
        waiting.deallocate()
    }

    /// Whether the sums spare enough look-ups to be worth their room.
    var isWorthwhile: Bool { count > 0 && met >= Self.leastSpared * count }

    /// Bytes that it takes in a segment at the most, about.
    var size: Int {
        isWorthwhile ? 24 * count + addresses6.count + classes.arena.count + 16 * classSums.count : 0
    }

    /// Adds a block that was just encoded and stored.
    /// - Returns: false when it has too many flows, or when an interface has another name than before; then this is of no
    ///   use any more.
    func add(_ encoder: BlockEncoder, _ block: borrowing EncodedBlock, _ names: [UInt32: String]) -> Bool {
        guard encoder.flows.count <= Self.mostFlowsOfBlock else { return false }
        for (index, name) in names {
            if let before = self.names.updateValue(name, forKey: index), before != name { return false }
        }
        let table = encoder.table
        let forms = (0..<table.classes.count).map { number in
            let key = table.classes[number]
            return Form(key, classes.number(of: key).number)
        }
        guard classSums.add(encoder.sums.classes, numbers: forms.map(\.number)), addFlows(encoder, forms) else {
            return false
        }
        met += encoder.flows.count
        (first, last) = (min(first, block.first), max(last, block.last))
        records += block.count
        clock = block.clock
        let least = min(rates?.lowerBound ?? block.rates.lowerBound, block.rates.lowerBound)
        rates = least...max(rates?.upperBound ?? block.rates.upperBound, block.rates.upperBound)
        return true
    }

    private func addFlows(_ encoder: BlockEncoder, _ forms: [Form]) -> Bool {
        let (table, keys, sums) = (encoder.table, encoder.flows, encoder.sums)
        var start = 0
        while start < keys.count {
            let end = min(start + Self.batch, keys.count)
            for flow in start..<end { wait(keys[flow], forms[Int(table.classNumbers[flow])], at: flow - start) }
            fetch(end - start)
            for flow in start..<end {
                let number = number(of: waiting[flow - start])
                guard number < Self.mostFlows else { return false }
                flows[number].records &+= sums.records[flow]
                flows[number].bytes &+= sums.bytes[flow]
            }
            start = end
        }
        return true
    }

    /// Where a search begins, and how it goes on.
    @inline(__always)
    private func firstSlot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (2 &* capacity &- 1) }

    @inline(__always)
    private func nextSlot(_ slot: Int) -> Int { (slot &+ 1) & (2 &* capacity &- 1) }

    /// Begins to fetch what the flows that wait are compared with.
    private func fetch(_ count: Int) {
        for index in 0..<count { hdrlog_prefetch(flows + (Int(slots[firstSlot(waiting[index].hash)]) &- 1)) }
        for index in 0..<count where waiting[index].addresses6 != nil {
            let found = Int(slots[firstSlot(waiting[index].hash)])
            if found != 0 { hdrlog_prefetch(pair(found &- 1)) }
        }
    }

    @inline(__always)
    private func wait(_ bytes: UnsafeRawBufferPointer, _ form: Form, at index: Int) {
        let from = bytes.baseAddress!
        let addresses: UInt64 =
            switch form.network {
            case .other: 0
            case .ipv4: from.loadUnaligned(fromByteOffset: form.addresses, as: UInt64.self)
            case .ipv6: hash(of6: from + form.addresses) | hash(of6: from + form.addresses + 16) << 32
            }
        let key = Key(
            classNumber: form.number,
            ports: form.ports.map { from.loadUnaligned(fromByteOffset: $0, as: UInt32.self) } ?? 0,
            addresses: addresses)
        let hash = key.hash(secrets)
        waiting[index] = Waiting(
            key: key, hash: hash, addresses6: form.network == .ipv6 ? from + form.addresses : nil)
        hdrlog_prefetch(slots + firstSlot(hash))
    }

    /// 32 bits.
    @inline(__always)
    private func hash(of6 address: UnsafeRawPointer) -> UInt64 {
        BytesDictionary.hash(
            address.loadUnaligned(as: UInt64.self), address.loadUnaligned(fromByteOffset: 8, as: UInt64.self), secrets)
            >> 32
    }

    /// - Returns: `mostFlows` when there is no room for a new one.
    @inline(__always)
    private func number(of flow: Waiting) -> Int {
        var slot = firstSlot(flow.hash)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) &- 1
            if flows[number].key == flow.key, flow.addresses6.map({ hasAddresses(number, $0, $0 + 16) }) ?? true {
                return number
            }
            slot = nextSlot(slot)
        }
        return insert(flow, slot)
    }

    private func insert(_ flow: Waiting, _ slot: Int) -> Int {
        if count == capacity {
            guard capacity < Self.mostFlows else { return Self.mostFlows }
            grow()
            return number(of: flow)
        }
        (flows + count).initialize(to: Flow(key: flow.key, place: UInt32(truncatingIfNeeded: addresses6.count / 32)))
        if let pair = flow.addresses6 { addresses6.append(UnsafeRawBufferPointer(start: pair, count: 32)) }
        count += 1
        slots[slot] = UInt32(truncatingIfNeeded: count)
        return count - 1
    }

    /// The addresses of a flow of IPv6.
    @inline(__always)
    private func pair(_ number: Int) -> UnsafeRawPointer {
        UnsafeRawPointer(addresses6.base + 32 &* Int(flows[number].place))
    }

    /// Whether a flow has these addresses of IPv6.
    @inline(__always)
    private func hasAddresses(_ number: Int, _ source: UnsafeRawPointer, _ destination: UnsafeRawPointer) -> Bool {
        let pair = pair(number)
        func equal(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Bool {
            left.loadUnaligned(as: UInt64.self) == right.loadUnaligned(as: UInt64.self)
                && left.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    == right.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        }
        return equal(pair, source) && equal(pair + 16, destination)
    }

    private func grow() {
        let old = flows
        capacity *= 2
        flows = .allocate(capacity: capacity)
        flows.moveInitialize(from: old, count: count)
        old.deallocate()
        slots.deallocate()
        slots = .allocate(capacity: 2 * capacity)
        slots.initialize(repeating: 0, count: 2 * capacity)
        for number in 0..<count {
            var slot = firstSlot(flows[number].key.hash(secrets))
            while slots[slot] != 0 { slot = nextSlot(slot) }
            slots[slot] = UInt32(number + 1)
        }
    }

    /// Writes the sums in the form of a block of which only the blobs of classes and flows have anything.
    func encode(to block: inout EncodedBlock) {
        let compressor = ZstdCompressor()
        (block.first, block.last, block.count, block.clock) = (first, last, records, clock)
        block.rates = rates ?? 1...1
        BlockFormat.writeClasses(
            records: records, flows: count, names, classes, classSums, to: block.blobs[.classes], compressor)
        let column = UnsafeMutablePointer<UInt32>.allocate(capacity: max(count, 1))
        defer { column.deallocate() }
        BlockFormat.write(FlowBlobPart.self, to: block.blobs[.flows]) { part in
            switch part {
            case .sums:
                SumsEncoder.write(
                    count, to: block.blobs[.flows], column, records: { flows[$0].records }, bytes: { flows[$0].bytes })
            case .table: columns().write(to: block.blobs[.flows], compressor)
            }
        }
    }

    private func columns() -> FlowColumns {
        let columns = FlowColumns()
        let shapes = (0..<classes.count).map { FlowKeyBytes.shape(classes[$0])! }
        // From here on the slots lead to the first flow with two ends, whatever the direction.
        slots.update(repeating: 0, count: 2 * capacity)
        for number in 0..<count {
            let key = flows[number].key
            let shape = shapes[Int(key.classNumber)]
            let (relation, other) = shape.network == .other ? (.none, 0) : relate(number, shape, shapes)
            columns.control.append(relation.rawValue)
            columns.control.append(variable: key.classNumber)
            if relation == .none {
                append(number, shape, to: columns)
            } else {
                columns.control.append(variable: UInt32(number - other))
            }
        }
        return columns
    }

    private func relate(_ number: Int, _ shape: HeaderShape, _ shapes: [HeaderShape]) -> (FlowState.Relation, Int) {
        let key = flows[number].key
        let reversed = key.reversed
        var ends = key.addresses < reversed.addresses ? key : reversed
        if key.addresses == reversed.addresses { ends.ports = min(key.ports, reversed.ports) }
        ends.classNumber = UInt32(shape.code)
        var slot = firstSlot(ends.hash(secrets))
        while slots[slot] != 0 {
            let other = Int(slots[slot]) - 1
            let found = flows[other].key
            if shapes[Int(found.classNumber)].code == shape.code {
                let pair = shape.network == .ipv6 ? self.pair(number) : nil
                if found.hasSameEnds(key), pair.map({ hasAddresses(other, $0, $0 + 16) }) ?? true {
                    return (.variant, other)
                }
                if found.hasSameEnds(reversed), pair.map({ hasAddresses(other, $0 + 16, $0) }) ?? true {
                    return (.reverse, other)
                }
            }
            slot = nextSlot(slot)
        }
        slots[slot] = UInt32(number + 1)
        return (.none, 0)
    }

    private func append(_ number: Int, _ shape: HeaderShape, to columns: FlowColumns) {
        let key = flows[number].key
        switch shape.network {
        case .other: return
        case .ipv4: withUnsafeBytes(of: key.addresses) { columns.append(addresses: $0) }
        case .ipv6: columns.append(addresses: UnsafeRawBufferPointer(start: pair(number), count: 32))
        }
        if shape.ports { columns.append(ports: key.ports) }
    }
}
