internal import CSQLite

/// What SQLite calls for every virtual table (sqlite3_module), and how it finds the object in Swift.
enum VirtualTableModule {
    /// Lives as long as the process.
    nonisolated(unsafe) static let module: UnsafePointer<sqlite3_module> = {
        let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
        module.initialize(to: sqlite3_module())
        module.pointee.xCreate = connect
        module.pointee.xConnect = connect
        module.pointee.xDisconnect = disconnect
        module.pointee.xDestroy = disconnect
        module.pointee.xBestIndex = bestIndex
        module.pointee.xOpen = open
        module.pointee.xClose = close
        module.pointee.xFilter = filter
        module.pointee.xNext = next
        module.pointee.xEof = isAtEnd
        module.pointee.xColumn = column
        module.pointee.xRowid = rowIdentifier
        return UnsafePointer(module)
    }()

    private typealias Table = UnsafeMutablePointer<sqlite3_vtab>
    private typealias Cursor = UnsafeMutablePointer<sqlite3_vtab_cursor>
    private typealias Problem = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    private static let connect:
        @convention(c) (
            OpaquePointer?, UnsafeMutableRawPointer?, Int32, UnsafePointer<UnsafePointer<CChar>?>?,
            UnsafeMutablePointer<Table?>?, Problem?
        ) -> Int32 = { database, kind, count, words, table, problem in
            let kind = Unmanaged<TableKind>.fromOpaque(kind!).takeUnretainedValue()
            // Before the arguments stand the names of the module, the database and the table.
            let arguments = (3..<max(3, Int(count))).compactMap { words?[$0].map { String(cString: $0) } }
            do {
                let object = try kind.make(arguments)
                let code = sqlite3_declare_vtab(database, "CREATE TABLE x(\(object.columns))")
                guard code == SQLITE_OK else { return code }
                let made = UnsafeMutablePointer<swift_vtab>.allocate(capacity: 1)
                made.initialize(to: swift_vtab())
                made.pointee.object = Unmanaged.passRetained(TableBox(object)).toOpaque()
                table!.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: sqlite3_vtab.self)
                return SQLITE_OK
            } catch {
                problem?.pointee = copy("\(error)")
                return SQLITE_ERROR
            }
        }

    private static let disconnect: @convention(c) (Table?) -> Int32 = { table in
        let made = UnsafeMutableRawPointer(table!).assumingMemoryBound(to: swift_vtab.self)
        Unmanaged<TableBox>.fromOpaque(made.pointee.object).release()
        made.deallocate()
        return SQLITE_OK
    }

    private static let bestIndex: @convention(c) (Table?, UnsafeMutablePointer<sqlite3_index_info>?) -> Int32 = {
        table, info in
        var question = TableQuestion(info!)
        box(table!).table.plan(&question)
        if question.isImpossible { return SQLITE_CONSTRAINT }
        question.answer(info!)
        return SQLITE_OK
    }

    private static let open: @convention(c) (Table?, UnsafeMutablePointer<Cursor?>?) -> Int32 = { table, cursor in
        let made = UnsafeMutablePointer<swift_vtab_cursor>.allocate(capacity: 1)
        made.initialize(to: swift_vtab_cursor())
        made.pointee.object = Unmanaged.passRetained(CursorBox(box(table!).table.cursor())).toOpaque()
        cursor!.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
        return SQLITE_OK
    }

    private static let close: @convention(c) (Cursor?) -> Int32 = { cursor in
        let made = UnsafeMutableRawPointer(cursor!).assumingMemoryBound(to: swift_vtab_cursor.self)
        Unmanaged<CursorBox>.fromOpaque(made.pointee.object).release()
        made.deallocate()
        return SQLITE_OK
    }

    private static let filter:
        @convention(c) (
            Cursor?, Int32, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?
        ) -> Int32 = { cursor, _, plan, count, values in
            guarded(cursor!) { box in
                let values = SQLArguments(count: Int(count), values: values)
                try box.cursor.start(plan: plan.map { String(cString: $0) } ?? "", values)
                box.isAtEnd = try !box.cursor.next()
            }
        }

    private static let next: @convention(c) (Cursor?) -> Int32 = { cursor in
        guarded(cursor!) { box in box.isAtEnd = try !box.cursor.next() }
    }

    private static let isAtEnd: @convention(c) (Cursor?) -> Int32 = { cursor in box(cursor!).isAtEnd ? 1 : 0 }

    private static let column: @convention(c) (Cursor?, OpaquePointer?, Int32) -> Int32 = { cursor, context, index in
        box(cursor!).cursor.column(Int(index), SQLResult(context: context!))
        return SQLITE_OK
    }

    private static let rowIdentifier: @convention(c) (Cursor?, UnsafeMutablePointer<sqlite3_int64>?) -> Int32 = {
        cursor, row in
        row!.pointee = box(cursor!).cursor.rowIdentifier
        return SQLITE_OK
    }

    private static func box(_ table: Table) -> TableBox {
        let made = UnsafeMutableRawPointer(table).assumingMemoryBound(to: swift_vtab.self)
        return Unmanaged<TableBox>.fromOpaque(made.pointee.object).takeUnretainedValue()
    }

    private static func box(_ cursor: Cursor) -> CursorBox {
        let made = UnsafeMutableRawPointer(cursor).assumingMemoryBound(to: swift_vtab_cursor.self)
        return Unmanaged<CursorBox>.fromOpaque(made.pointee.object).takeUnretainedValue()
    }

    /// Runs `body`; what it throws becomes the statement's error.
    private static func guarded(_ cursor: Cursor, _ body: (CursorBox) throws -> Void) -> Int32 {
        do {
            try body(box(cursor))
            return SQLITE_OK
        } catch {
            let table = cursor.pointee.pVtab!
            sqlite3_free(table.pointee.zErrMsg)
            table.pointee.zErrMsg = copy("\(error)")
            return SQLITE_ERROR
        }
    }

    /// Text in memory of SQLite's own, as it wants errors and plans.
    static func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
        let bytes = text.utf8CString
        guard let copy = sqlite3_malloc64(UInt64(bytes.count)) else { return nil }
        bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        return copy.assumingMemoryBound(to: CChar.self)
    }
}

private final class TableBox {
    let table: any VirtualTable

    init(_ table: any VirtualTable) { self.table = table }
}

private final class CursorBox {
    let cursor: any TableCursor
    var isAtEnd = true

    init(_ cursor: any TableCursor) { self.cursor = cursor }
}

extension TableQuestion {
    fileprivate init(_ info: UnsafeMutablePointer<sqlite3_index_info>) {
        columnsUsed = info.pointee.colUsed
        constraints = []
        if info.pointee.nOrderBy == 1, let first = info.pointee.aOrderBy {
            order = (Int(first.pointee.iColumn), first.pointee.desc != 0)
        } else {
            order = nil
        }
        for index in 0..<Int(info.pointee.nConstraint) {
            let constraint = info.pointee.aConstraint[index]
            let collation = sqlite3_vtab_collation(info, Int32(index)).map { String(cString: $0) }
            constraints.append(
                Constraint(
                    column: Int(constraint.iColumn), relation: Constraint.Relation(rawValue: constraint.op),
                    isUsable: constraint.usable != 0, isBinary: collation == "BINARY"))
        }
    }

    fileprivate func answer(_ info: UnsafeMutablePointer<sqlite3_index_info>) {
        for (index, constraint) in constraints.enumerated() {
            guard let argument = constraint.argument else { continue }
            info.pointee.aConstraintUsage[index].argvIndex = Int32(argument + 1)
            info.pointee.aConstraintUsage[index].omit = constraint.isAnswered ? 1 : 0
        }
        info.pointee.orderByConsumed = isOrdered ? 1 : 0
        info.pointee.estimatedRows = estimatedRows
        info.pointee.estimatedCost = Double(estimatedRows)
        info.pointee.idxStr = VirtualTableModule.copy(plan)
        info.pointee.needToFreeIdxStr = 1
    }
}
