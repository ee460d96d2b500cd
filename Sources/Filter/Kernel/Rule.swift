/// A configured rule: what it selects and what happens to that. The first rule that matches decides.
public struct Rule: Equatable, Sendable {
    public enum Action: Equatable, Sendable {
        /// Neither counted in flows nor sampled; still seen, as "filtered out".
        case ignore
        /// Counted, never sampled.
        case count
        /// Counted, and the headers of 1 in `rate` are kept.
        case sample(rate: UInt32)
    }

    public var match: FilterExpression
    public var action: Action

    public init(match: FilterExpression, action: Action) {
        self.match = match
        self.action = action
    }
}

/// Why rules cannot be compiled.
public struct RuleError: Error, Equatable, Sendable {
    /// Which rule, counted from 0.
    public var rule: Int
    /// Where in its expression, and what could be done about it.
    public var reason: FilterError
}

extension RuleError: CustomStringConvertible {
    public var description: String { "rule \(rule + 1): \(reason)" }
}
