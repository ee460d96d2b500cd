import Records

/// Recursive descent over the tokens, by the grammar of pcap-filter(7) and field comparisons.
///
/// `and` and `or` bind equally and from left to right, as they do for tcpdump.
struct Parser {
    /// Parentheses and `not` may be nested this deep.
    static let maximumDepth = 64

    private let tokens: [Token]
    private var position = 0
    private var depth = 0
    /// What a bare value after `and` or `or` takes over: `port 80 or 443`.
    var implied: Qualifier?

    /// The column of each primitive, in the order of the tree.
    private var columns: [Int] = []

    static func parse(_ text: String) throws(FilterError) -> (root: FilterNode, columns: [Int]) {
        var parser = Parser(tokens: try Lexer.tokens(of: text))
        if parser.current.kind == .end { return (.all, []) }
        let node = try parser.expression()
        guard parser.current.kind == .end else {
            throw parser.unexpected("\"and\", \"or\" or the end of the expression")
        }
        return (node, parser.columns)
    }

    private init(tokens: [Token]) { self.tokens = tokens }

    // MARK: Tokens

    var current: Token { tokens[position] }

    func peek(_ distance: Int = 1) -> Token { tokens[min(position + distance, tokens.count - 1)] }

    @discardableResult
    mutating func take() -> Token {
        defer { position = min(position + 1, tokens.count - 1) }
        return current
    }

    mutating func take(symbol: String) -> Bool {
        guard current.isSymbol(symbol) else { return false }
        take()
        return true
    }

    mutating func take(keyword: String) -> Bool {
        guard current.keyword == keyword else { return false }
        take()
        return true
    }

    mutating func expect(symbol: String, _ what: String = "") throws(FilterError) {
        guard take(symbol: symbol) else { throw unexpected("\"\(symbol)\"\(what)") }
    }

    func unexpected(_ expected: String, hint: String = "", at token: Token? = nil) -> FilterError {
        let token = token ?? current
        return FilterError(column: token.column, found: token.text, expected: expected, hint: hint)
    }

    // MARK: Operators

    private enum Operator { case and, or }

    private mutating func takeOperator() -> Operator? {
        if take(keyword: "and") || take(symbol: "&&") { return .and }
        if take(keyword: "or") || take(symbol: "||") { return .or }
        return nil
    }

    private mutating func expression() throws(FilterError) -> FilterNode {
        var left = try term()
        while let joint = takeOperator() {
            let right = try term()
            left = joint == .and ? .joined(left, and: right) : .joined(left, or: right)
        }
        return left
    }

    private mutating func term() throws(FilterError) -> FilterNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw unexpected("at most \(Self.maximumDepth) levels of parentheses and \"not\"")
        }
        if take(keyword: "not") || take(symbol: "!") { return .not(try term()) }
        if current.isSymbol("(") {
            return try parenthesised { (parser) throws(FilterError) in try parser.expression() }
        }
        let column = current.column
        let node = try primitive()
        columns += Array(repeating: column, count: node.count)
        return node
    }

    private mutating func parenthesised(
        _ body: (inout Parser) throws(FilterError) -> FilterNode
    ) throws(FilterError) -> FilterNode {
        take()
        let node = try body(&self)
        try expect(symbol: ")", ", \"and\" or \"or\"")
        return node
    }

    // MARK: Values behind a qualifier

    /// One value, or several in parentheses: `port (80 or 443)`.
    mutating func values(_ qualifier: Qualifier) throws(FilterError) -> FilterNode {
        implied = qualifier
        guard current.isSymbol("(") else { return try value(qualifier) }
        return try parenthesised { (parser) throws(FilterError) in try parser.valueList(qualifier) }
    }

    private mutating func valueList(_ qualifier: Qualifier) throws(FilterError) -> FilterNode {
        var left = try valueTerm(qualifier)
        while let joint = takeOperator() {
            let right = try valueTerm(qualifier)
            left = joint == .and ? .joined(left, and: right) : .joined(left, or: right)
        }
        return left
    }

    private mutating func valueTerm(_ qualifier: Qualifier) throws(FilterError) -> FilterNode {
        if take(keyword: "not") || take(symbol: "!") { return .not(try value(qualifier)) }
        return try value(qualifier)
    }
}
