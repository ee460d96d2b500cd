import Foundation
import Records
import Store

/// The store's records as plain columns, for other programs to load: a file a field, NAME.TYPE, of little-endian
/// numbers; addresses as two of 64 bits. A field that a record does not have is 0.
struct Columns {
    /// What synthetic traffic has, but what follows from other fields.
    static let numbers: [Field] = [
        .time, .direction, .frameLength, .rate, .sourceMac, .destinationMac, .etherType, .ipVersion, .protocol, .ttl,
        .dscp, .ecn, .totalLength, .identification, .dontFragment, .moreFragments, .fragmentOffset, .headerChecksum,
        .flowLabel, .payloadLength, .sourcePort, .destinationPort, .sequence, .acknowledgment, .dataOffset, .tcpFlags,
        .window, .checksum, .urgentPointer, .mss, .windowScale, .sackPermitted, .tsVal, .tsEcr, .udpLength,
    ]
    private static let addresses: [Field] = [.source, .destination]

    static func write(_ store: String, to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let all = numbers.map { Column($0, directory, type(of: $0)) }
        let ends = addresses.map { field in ["high", "low"].map { Column(field, directory, 8, ".\($0)") } }
        _ = try StoreReader(directory: store).query(Query()) { record, _ in
            let layout = record.layout
            for column in all { column.append(number(record.value(of: column.field, layout))) }
            for (field, pair) in zip(addresses, ends) {
                guard case .address(let address)? = record.value(of: field, layout) else {
                    for column in pair { column.append(0) }
                    continue
                }
                pair[0].append(address.high)
                pair[1].append(address.low)
            }
            return true
        }
        for column in all + ends.joined() { column.close() }
    }

    private static func type(of field: Field) -> Int {
        if field.type == .time || field.type == .mac { return 8 }
        if field.type == .boolean || field.type == .direction { return 1 }
        return field.maximum <= 0xFF ? 1 : field.maximum <= 0xFFFF ? 2 : 4
    }

    private static func number(_ value: FieldValue?) -> UInt64 {
        switch value {
        case .time(let time): UInt64(bitPattern: time)
        case .integer(let number): number
        case .boolean(let flag): flag ? 1 : 0
        case .direction(let direction): UInt64(direction.rawValue)
        case .mac(let address): address.value
        default: 0
        }
    }

    private final class Column {
        let field: Field
        private let width: Int
        private let file: UnsafeMutablePointer<FILE>

        init(_ field: Field, _ directory: String, _ width: Int, _ suffix: String = "") {
            (self.field, self.width) = (field, width)
            file = fopen("\(directory)/\(field.name)\(suffix).u\(8 * width)", "w")!
        }

        func append(_ value: UInt64) {
            var bytes = value.littleEndian
            fwrite(&bytes, width, 1, file)
        }

        func close() { fclose(file) }
    }
}
