/// A word, operator or bracket of an expression, with where it stands.
struct Token: Equatable {
    enum Kind: Equatable {
        /// Keywords, names, numbers, addresses; quoted words lose their quotes.
        case word
        /// `( ) [ ] { } , & && | || ! = == != < <= > >=`
        case symbol
        case end
    }

    var kind: Kind
    var text: String
    /// 1-based, in characters.
    var column: Int
    /// A word in quotes is never a keyword.
    var isQuoted = false

    /// The word in lower case; empty for others and for quoted words.
    var keyword: String { kind == .word && !isQuoted ? text.lowercased() : "" }

    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
}

/// Splits an expression into tokens.
struct Lexer {
    /// More than this is refused: it would be a program, not a filter.
    static let maximumLength = 16_384

    private let characters: [Character]
    private var position = 0

    init(_ text: String) { characters = Array(text) }

    /// All tokens, the last of kind `.end`.
    static func tokens(of text: String) throws(FilterError) -> [Token] {
        var lexer = Lexer(text)
        guard lexer.characters.count <= maximumLength else {
            throw FilterError(
                column: maximumLength + 1, found: "…", expected: "an expression of at most \(maximumLength) characters")
        }
        var tokens: [Token] = []
        while let token = try lexer.next() { tokens.append(token) }
        tokens.append(Token(kind: .end, text: "", column: lexer.characters.count + 1))
        return tokens
    }

    private mutating func next() throws(FilterError) -> Token? {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        guard position < characters.count else { return nil }
        let first = characters[position]
        if first == "\"" || first == "'" { return try quoted(by: first) }
        if Self.isWordCharacter(first) || first == "\\" { return word() }
        return try symbol()
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || ".:_-/*?@%+".contains(character))
    }

    private mutating func word() -> Token {
        let start = position
        // tcpdump wants a backslash before protocol names that are keywords, as in "ip proto \tcp".
        if characters[position] == "\\" { position += 1 }
        let first = position
        while position < characters.count, Self.isWordCharacter(characters[position]) { position += 1 }
        return Token(kind: .word, text: String(characters[first..<position]), column: start + 1)
    }

    private mutating func quoted(by quote: Character) throws(FilterError) -> Token {
        let start = position
        guard let end = characters[(start + 1)...].firstIndex(of: quote) else {
            throw FilterError(column: start + 1, found: String(characters[start...]), expected: "a closing \(quote)")
        }
        position = end + 1
        return Token(kind: .word, text: String(characters[(start + 1)..<end]), column: start + 1, isQuoted: true)
    }

    private mutating func symbol() throws(FilterError) -> Token {
        let start = position
        if position + 1 < characters.count {
            let pair = String(characters[position...(position + 1)])
            if ["&&", "||", "==", "!=", "<=", ">=", "<>"].contains(pair) {
                position += 2
                return Token(kind: .symbol, text: pair == "<>" ? "!=" : pair == "==" ? "=" : pair, column: start + 1)
            }
        }
        guard "()[]{},&|!=<>".contains(characters[position]) else {
            throw FilterError(
                column: start + 1, found: String(characters[position]), expected: "a word, a number or an operator")
        }
        position += 1
        return Token(kind: .symbol, text: String(characters[start]), column: start + 1)
    }
}
