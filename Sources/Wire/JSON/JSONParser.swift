/// Why a text is not JSON.
public struct JSONError: Error, Equatable, Sendable {
    /// Bytes before the place.
    public var offset: Int
    public var problem: String
}

/// Reads RFC 8259 JSON, strictly: what comes over the socket is not to be guessed at.
struct JSONParser {
    /// Deeper nesting is refused, so that no message can exhaust the stack.
    static let maximumDepth = 64

    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    private var depth = 0

    static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        // Typed throws do not pass through withUnsafeBytes's rethrows.
        let result = bytes.withUnsafeBytes { buffer in
            var parser = JSONParser(bytes: buffer)
            return Result<JSONValue, JSONError> { () throws(JSONError) in try parser.document() }
        }
        return try result.get()
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func document() throws(JSONError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw failure("text behind the value") }
        return value
    }

    private func failure(_ problem: String) -> JSONError { JSONError(offset: at, problem: problem) }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B && byte != 0x0C { at += 1 }
    }

    /// Steps over a character, and white space before it.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        guard let byte = next else { throw failure("the text ends") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: return try word()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth < Self.maximumDepth else { throw failure("nested too deeply") }
        depth += 1
        at += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        var object = JSONObject()
        if take("}") { return .object(object) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member's name is missing") }
            let key = try string()
            guard take(":") else { throw failure("\":\" is missing") }
            object.append(key, try value())
        } while take(",")
        guard take("}") else { throw failure("\"}\" is missing") }
        return .object(object)
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        var values: [JSONValue] = []
        if take("]") { return .array(values) }
        repeat { values.append(try value()) } while take(",")
        guard take("]") else { throw failure("\"]\" is missing") }
        return .array(values)
    }

    private mutating func word() throws(JSONError) -> JSONValue {
        let words: [(String, JSONValue)] = [("true", .bool(true)), ("false", .bool(false)), ("null", .null)]
        for (word, value) in words where bytes[at...].starts(with: word.utf8) {
            at += word.utf8.count
            return value
        }
        throw failure("not a value")
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = at
        if next == UInt8(ascii: "-") { at += 1 }
        let first = at
        skipDigits()
        guard at > first, bytes[first] != 0x30 || at == first + 1 else { throw failure("not a number") }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            try someDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            at += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
            try someDigits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw failure("not a number that can be kept") }
        return .number(number)
    }

    private mutating func skipDigits() { while let byte = next, (0x30...0x39).contains(byte) { at += 1 } }

    private mutating func someDigits() throws(JSONError) {
        let start = at
        skipDigits()
        guard at > start else { throw failure("a digit is missing") }
    }
}

// Strings, in an extension for their own subject: escapes, surrogates, UTF-8.
extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        at += 1
        let start = at
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { at += 1 }
        // Most strings have no escape: one copy.
        if next == UInt8(ascii: "\"") {
            defer { at += 1 }
            return try text(bytes[start..<at])
        }
        var unescaped = Array(bytes[start..<at])
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            at += 1
            if byte == UInt8(ascii: "\\") { try escape(&unescaped) } else { unescaped.append(byte) }
        }
        guard next != nil else { throw failure("a string without its end") }
        at += 1
        return try text(unescaped)
    }

    private func text(_ utf8: some Sequence<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else { throw failure("not UTF-8") }
        return text
    }

    private mutating func escape(_ unescaped: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw failure("a string without its end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): unescaped += try unicode().utf8
        default: throw failure("not an escape")
        }
    }

    /// What follows `\u`, with the second half of a surrogate pair; a half alone becomes U+FFFD.
    private mutating func unicode() throws(JSONError) -> String {
        let first = try fourDigits()
        guard (0xD800..<0xDC00).contains(first), bytes[at...].starts(with: "\\u".utf8) else {
            return String(Character(Unicode.Scalar(first) ?? "\u{FFFD}"))
        }
        at += 2
        let second = try fourDigits()
        guard (0xDC00..<0xE000).contains(second) else {
            return "\u{FFFD}" + String(Character(Unicode.Scalar(second) ?? "\u{FFFD}"))
        }
        return String(Character(Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))!))
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        guard at + 4 <= bytes.count else { throw failure("a string without its end") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else { throw failure("not an escape") }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}

extension JSONValue {
    /// Reads a text; nothing may stand behind its value.
    public init(parsing bytes: [UInt8]) throws(JSONError) { self = try JSONParser.parse(bytes) }
}
