import CHdrlog
import Foundation
import Records
import Store

/// A directory that is removed with the last reference to it.
final class ScratchDirectory {
    let path: String

    /// - Parameter inMemory: on a file system that never waits for a disk.
    init(inMemory: Bool = false) {
        path = (inMemory ? "/dev/shm/" : NSTemporaryDirectory()) + "hdrlog-store-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    var segmentFiles: [String] { files.filter { $0.hasSuffix(".db") } }
}

/// A record as a value, to be compared.
struct Row: Equatable {
    var time: Int64
    var interface: String
    var frameLength: UInt32
    var rate: UInt32
    var direction: UInt8
    var bytes: [UInt8]

    init(_ record: borrowing HeaderRecord, _ interface: String) {
        time = record.time
        self.interface = interface
        frameLength = record.metadata.frame_length
        rate = record.metadata.rate
        direction = record.metadata.direction
        bytes = Array(record.bytes)
    }
}

extension StoreReader {
    func rows(_ query: Query = Query()) throws -> [Row] {
        var rows: [Row] = []
        _ = try self.query(query) { record, interface in
            rows.append(Row(record, interface))
            return true
        }
        return rows
    }
}

extension RecordChunk {
    func rows(_ interface: String) -> [Row] {
        var rows: [Row] = []
        forEach { rows.append(Row($0, interface)) }
        return rows
    }
}

/// Equal, told without printing thousands of rows.
func same(_ left: [Row], _ right: [Row]) -> Bool {
    guard left.count == right.count else {
        print("\(left.count) rows, not \(right.count)")
        return false
    }
    guard let index = left.indices.first(where: { left[$0] != right[$0] }) else { return true }
    print("row \(index): \(left[index]) is not \(right[index])")
    return false
}
