internal import Records
internal import Store

/// `headers`: a row a record, a column a `Field`.
enum HeaderColumns {
    static let columns = Field.allCases.map { LogColumn(name: $0.name, kind: kind($0), pushing: pushing($0)) }

    private static func kind(_ field: Field) -> LogColumn.Kind {
        switch field.type {
        case .time, .integer, .boolean: .integer
        case .interface, .direction, .address, .mac, .list: .text
        case .bytes: .blob
        }
    }

    private static func pushing(_ field: Field) -> LogColumn.Pushing {
        switch field.type {
        case .time: .time
        case .integer: .number(field: field.name, maximum: field.maximum)
        case .boolean: .number(field: field.name, maximum: 1)
        case .address: .word(field: field.name) { IPAddress($0) != nil }
        case .mac: .word(field: field.name) { MACAddress($0) != nil }
        case .direction: .word(field: field.name) { $0 == "in" || $0 == "out" }
        case .interface: .word(field: field.name, isValue: LogColumn.isPlainName)
        case .bytes, .list: .none
        }
    }
}

extension LogColumn {
    /// A name that needs no quotes in a filter, and is no pattern there.
    static func isPlainName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first >= 0x41 else { return false }
        return name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte)
        }
    }
}

final class HeaderRows: LogRows {
    private let settings: SQLTables.Settings
    private var cursor: RecordCursor?
    private var fields: [Field] = []
    /// The next piece: small at first, for statements with a LIMIT.
    private var piece = 0

    init(_ settings: SQLTables.Settings) { self.settings = settings }

    func start(_ question: LogQuestion) throws {
        fields = question.columns.map { Field.allCases[$0] }
        var query = Query()
        (query.range, query.filter) = (question.range, question.filter)
        query.order = question.isDescending ? .descending : .ascending
        cursor = try StoreReader(directory: question.directory).cursor(query)
        piece = 256
    }

    func fill(_ batch: RowBatch) throws -> Bool {
        guard let cursor else { return false }
        var hasMore = true
        let end = piece
        while hasMore, batch.count < end, !batch.isFull {
            hasMore = cursor.fetch(min(1024, end - batch.count), shouldStop: settings.shouldStop) { record, interface in
                append(record, interface, to: batch)
            }
        }
        piece = min(65_536, 4 * piece)
        if !hasMore {
            for file in cursor.result.unreadable { settings.noteDamage("\(file.name): \(file.reason)") }
        }
        return hasMore
    }

    private func append(_ record: borrowing HeaderRecord, _ interface: String, to batch: RowBatch) {
        let layout = record.layout
        for field in fields {
            guard let value = record.value(of: field, layout) else {
                batch.null()
                continue
            }
            switch value {
            case .time(let time): batch.integer(time)
            case .integer(let number): batch.integer(number)
            case .boolean(let flag): batch.integer(flag ? 1 : 0)
            case .interface: batch.text(interface)
            case .direction(let direction): batch.text(direction.name)
            case .address(let address): batch.address(address)
            case .mac(let address): batch.mac(address)
            case .bytes(let bytes): batch.blob(bytes)
            case .list(let list): batch.text(list.map { "\($0)" }.joined(separator: ","))
            }
        }
        batch.endRow()
    }
}
