internal import CSQLite

/// Adds functions and virtual tables to a connection: one of our own, or the host's of a loadable extension.
public struct Extensions {
    let handle: OpaquePointer

    public init(of connection: borrowing Connection) { handle = connection.handle }

    /// - Parameter host: the `sqlite3 *` that an extension's entry point is called with.
    public init(host: OpaquePointer) { handle = host }

    /// Adds a function that always gives the same for the same arguments.
    public func add(
        function name: String, arguments: Int32, _ body: @escaping (SQLArguments, SQLResult) -> Void
    ) throws(SQLiteError) {
        let box = Unmanaged.passRetained(FunctionBox(body)).toOpaque()
        try check(
            sqlite3_create_function_v2(
                handle, name, arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, box,
                { context, count, values in
                    let box = Unmanaged<FunctionBox>.fromOpaque(sqlite3_user_data(context)).takeUnretainedValue()
                    box.body(SQLArguments(count: Int(count), values: values), SQLResult(context: context!))
                }, nil, nil, { Unmanaged<FunctionBox>.fromOpaque($0!).release() }), name)
    }

    /// Adds tables of a kind: one by this name that is there at once, others by CREATE VIRTUAL TABLE.
    /// - Parameter make: gets the arguments of CREATE VIRTUAL TABLE.
    public func add(
        table name: String, _ make: @escaping (_ arguments: [String]) throws -> any VirtualTable
    ) throws(SQLiteError) {
        let box = Unmanaged.passRetained(TableKind(make)).toOpaque()
        try check(
            sqlite3_create_module_v2(
                handle, name, VirtualTableModule.module, box,
                { Unmanaged<TableKind>.fromOpaque($0!).release() }), name)
    }

    private func check(_ code: Int32, _ name: String) throws(SQLiteError) {
        guard code != SQLITE_OK else { return }
        throw SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)), context: name)
    }
}

private final class FunctionBox {
    let body: (SQLArguments, SQLResult) -> Void

    init(_ body: @escaping (SQLArguments, SQLResult) -> Void) { self.body = body }
}

final class TableKind {
    let make: ([String]) throws -> any VirtualTable

    init(_ make: @escaping ([String]) throws -> any VirtualTable) { self.make = make }
}
