internal import CHdrlog
internal import Filter
internal import Records

/// What a filter says of a block's flows: by class where it can, else with addresses and ports.
struct FlowQuestion {
    /// Comparisons of hot columns that the records of flows with `.yes` have to pass, too.
    let tests: [HotTest]
    /// Whether all flows of a class have the same verdict.
    let isByClass: Bool
    /// One a class; meaningful with `isByClass`.
    private(set) var classVerdicts: [Verdict] = []
    /// Whether a class of TCP has another verdict than `.yes`.
    private(set) var refusesTCP = false
    private let asked: CompiledFilter
    /// One a class, with addresses and ports left out; nil where the filter is not asked.
    private var keys: [FlowKey?] = []

    init(_ filter: CompiledFilter, _ classes: ClassTable) {
        let (flowPart, rest) = filter.split
        let tests = HotTest.all(of: rest)
        self.tests = tests ?? []
        asked = tests == nil ? filter : flowPart
        isByClass = !asked.usesEnds
        let needsTCP = self.tests.contains { $0.column == .flags }
        for entry in classes.entries {
            if needsTCP, entry.shape.transport != .tcp {
                keys.append(nil)
                classVerdicts.append(.no)
            } else if asked.isAlwaysTrue {
                keys.append(nil)
                classVerdicts.append(.yes)
            } else {
                note(entry)
            }
        }
    }

    /// Lengths are cleared in a class, and a length may be what ended a malformed packet's walk: of such flows
    /// nothing is said as a whole.
    private mutating func note(_ entry: ClassTable.Entry) {
        var metadata = FlowKeyBytes.metadata(entry.key)
        guard metadata.malformed == 0 || entry.shape.transport != .other else {
            keys.append(nil)
            return classVerdicts.append(.depends)
        }
        metadata.frame_length = UInt32(Int32.max)
        let bytes = UnsafeRawBufferPointer(rebasing: entry.key[FlowKeyBytes.prefix...])
        let record = HeaderRecord(time: 0, metadata: metadata, bytes: bytes)
        let key = FlowKey(record, HeaderLayout(record))
        let hasEnds = entry.shape.network != .other && !isByClass
        keys.append(hasEnds ? key : nil)
        let verdict = asked.verdict(for: key)
        classVerdicts.append(verdict)
        if entry.shape.transport == .tcp, verdict != .yes { refusesTCP = true }
    }

    /// One a flow.
    func verdicts(_ ends: FlowEnds, _ classes: ClassTable) -> [Verdict] {
        let count = ends.count
        return [Verdict](unsafeUninitializedCapacity: count) { out, initialized in
            for flow in 0..<count {
                let entry = ends.entries[flow]
                let number = Int(entry.classNumber)
                let verdict: Verdict =
                    if let key = keys[number] {
                        asked.verdict(for: Self.complete(key, entry, classes.entries[number].shape, ends))
                    } else {
                        classVerdicts[number]
                    }
                (out.baseAddress! + flow).initialize(to: verdict)
            }
            initialized = count
        }
    }

    private static func complete(
        _ key: FlowKey, _ entry: FlowEnds.Entry, _ shape: HeaderShape, _ ends: FlowEnds
    ) -> FlowKey {
        var key = key
        if key.hasAddresses {
            key.source = ends.address(entry.source, shape)
            key.destination = ends.address(entry.destination, shape)
        }
        if key.hasPorts, shape.ports {
            (key.sourcePort, key.destinationPort) = (entry.sourcePort, entry.destinationPort)
        }
        return key
    }
}
