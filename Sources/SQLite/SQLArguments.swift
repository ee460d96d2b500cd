internal import CSQLite

/// A value as SQLite has it.
public enum SQLValue: Equatable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// The values that SQLite calls a function or a cursor with; valid within the call only.
public struct SQLArguments {
    let count: Int
    let values: UnsafeMutablePointer<OpaquePointer?>?

    public subscript(index: Int) -> SQLValue {
        guard index < count, let value = values?[index] else { return .null }
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER: return .integer(sqlite3_value_int64(value))
        case SQLITE_FLOAT: return .real(sqlite3_value_double(value))
        case SQLITE_TEXT: return .text(sqlite3_value_text(value).map { String(cString: $0) } ?? "")
        case SQLITE_BLOB:
            let bytes = UnsafeRawBufferPointer(
                start: sqlite3_value_blob(value), count: Int(sqlite3_value_bytes(value)))
            return .blob(Array(bytes))
        default: return .null
        }
    }
}

/// Where a function or a cursor puts its value; NULL if it puts none. Bytes are copied.
public struct SQLResult {
    let context: OpaquePointer

    public func integer(_ value: Int64) { sqlite3_result_int64(context, value) }

    public func text(_ bytes: UnsafeRawBufferPointer) {
        sqlite3_result_text64(
            context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64(bytes.count),
            swift_sqlite_transient(), UInt8(SQLITE_UTF8))
    }

    public func text(_ text: String) {
        var text = text
        text.withUTF8 { self.text(UnsafeRawBufferPointer($0)) }
    }

    public func blob(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_result_zeroblob(context, 0) }
        sqlite3_result_blob64(context, base, UInt64(bytes.count), swift_sqlite_transient())
    }

    public func error(_ problem: String) { sqlite3_result_error(context, problem, -1) }
}
