/// The blobs of a block. They lie apart, so that a question reads only those that it needs.
enum BlockBlob: Int, CaseIterable, CustomStringConvertible {
    /// Names, classes of flows, and sums by class and TCP flags: what counts and time series need.
    case classes
    /// Which addresses and ports there are: tells a search for one of them what need not be read.
    case filter
    /// Addresses, ports and MAC pairs of the flows, and sums by flow: what the greatest of something needs.
    case flows
    /// Time, flow, frame length and TCP flags of each record.
    case hot
    /// All other fields.
    case cold

    /// The row's id in table `blob`.
    func identifier(block number: Int64) -> Int64 { number * 8 + Int64(rawValue) }

    var description: String {
        switch self {
        case .classes: "classes"
        case .filter: "filter"
        case .flows: "flows"
        case .hot: "hot"
        case .cold: "cold"
        }
    }
}

/// One value for each blob of a block.
struct PerBlob<Value> {
    private var values: [Value]

    init<E: Error>(_ value: (BlockBlob) throws(E) -> Value) throws(E) {
        values = []
        for blob in BlockBlob.allCases { values.append(try value(blob)) }
    }

    subscript(blob: BlockBlob) -> Value {
        get { values[blob.rawValue] }
        set { values[blob.rawValue] = newValue }
    }
}

extension PerBlob: Sendable where Value: Sendable {}
