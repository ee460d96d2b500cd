/// A three-valued answer: what is known of a flow or a block may settle a predicate or not.
public enum Verdict: Sendable, Equatable {
    /// True of every record.
    case yes
    /// True of no record.
    case no
    /// The records themselves have to be asked.
    case depends

    @inlinable
    init(_ known: Bool) { self = known ? .yes : .no }

    @inlinable
    prefix static func ! (verdict: Verdict) -> Verdict {
        switch verdict {
        case .yes: .no
        case .no: .yes
        case .depends: .depends
        }
    }
}
