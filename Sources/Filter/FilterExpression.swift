import Records

/// A filter: the language of pcap-filter(7) with comparisons of every `Field`.
///
///     tcp port 443 and not src net 10.0.0.0/8
///     host 192.0.2.1 and (icmp or tcp flags rst)
///     ttl < 10 or len > 1k or dscp = ef
///
/// The empty expression is true of everything. See docs/filter.md for the grammar.
public struct FilterExpression: Equatable, Sendable {
    let root: FilterNode
    /// Where each primitive stands in the text, in the order of the tree; empty for trees that were not parsed.
    let columns: [Int]

    init(root: FilterNode, columns: [Int] = []) {
        self.root = root
        self.columns = columns
    }

    /// True of everything.
    public static let all = FilterExpression(root: .all)

    public init(parsing text: String) throws(FilterError) {
        (root, columns) = try Parser.parse(text)
    }

    /// Equal if they mean the same by the same words, wherever those stood.
    public static func == (left: FilterExpression, right: FilterExpression) -> Bool { left.root == right.root }

    public var isEmpty: Bool { root == .all }

    /// The words that an expression may consist of, for completion in shells.
    public static var vocabulary: [String] { Words.all }

    /// Both have to hold.
    public func and(_ other: FilterExpression) -> FilterExpression {
        FilterExpression(root: .joined(root, and: other.root), columns: columns + other.columns)
    }

    /// One has to hold at least.
    public func or(_ other: FilterExpression) -> FilterExpression {
        FilterExpression(root: .joined(root, or: other.root), columns: columns + other.columns)
    }
}

extension FilterExpression: CustomStringConvertible {
    /// Canonical text; parsing it yields an equal expression.
    public var description: String { FilterPrinter.text(root) }
}
