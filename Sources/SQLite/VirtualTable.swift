/// A read-only table whose rows come from Swift (sqlite.org/vtab.html). Used by one thread at a time.
public protocol VirtualTable: AnyObject {
    /// The columns as CREATE TABLE has them between its parentheses.
    var columns: String { get }

    /// Looks at what the statement asks for, and says what of it the table answers by itself.
    func plan(_ question: inout TableQuestion)

    func cursor() -> any TableCursor
}

/// One run over a table's rows.
public protocol TableCursor: AnyObject {
    /// Begins anew, before the first row.
    /// - Parameters:
    ///   - plan: what `VirtualTable.plan` noted in `TableQuestion.plan`.
    ///   - values: of the constraints that it used, in that order; valid within the call only.
    func start(plan: String, _ values: SQLArguments) throws
    /// Goes to the next row, the first one too.
    /// - Returns: false behind the last one.
    func next() throws -> Bool
    var rowIdentifier: Int64 { get }
    func column(_ index: Int, _ result: SQLResult)
}

/// What a statement wants of a table (sqlite3_index_info).
public struct TableQuestion {
    /// `column relation value`, the value not yet known.
    public struct Constraint {
        public enum Relation: UInt8, Sendable {
            case equal = 2
            case greater = 4
            case lessOrEqual = 8
            case less = 16
            case greaterOrEqual = 32
        }

        public let column: Int
        /// nil for one that tables do not know.
        public let relation: Relation?
        /// Whether the value will be known when the rows are asked for.
        public let isUsable: Bool
        /// The place of the value in the arguments of `TableCursor.start`; nil leaves the constraint to SQLite alone.
        public var argument: Int?
        /// SQLite need not check it again.
        public var isAnswered = false
        /// Whether text is compared byte by byte.
        public let isBinary: Bool
    }

    public var constraints: [Constraint]
    /// The one column that rows shall be ordered by; nil for none or several.
    public let order: (column: Int, isDescending: Bool)?
    /// Rows come in the order that was asked for.
    public var isOrdered = false
    /// The columns that are looked at, by bit; the last bit stands for itself and all behind it.
    public let columnsUsed: UInt64
    /// Without the constraints that are not usable now there is no answer.
    public var isImpossible = false
    /// Goes to `TableCursor.start`.
    public var plan = ""
    public var estimatedRows: Int64 = 1_000_000

    public func uses(column: Int) -> Bool { columnsUsed & 1 << UInt64(min(column, 63)) != 0 }
}
