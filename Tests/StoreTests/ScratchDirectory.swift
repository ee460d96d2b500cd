import CHdrlog
import Foundation
import Records
import SQLite
import Store
import Testing

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

    /// Whether each segment has sums over all its blocks.
    var segmentsHaveRollups: Bool {
        segmentFiles.allSatisfy { name in
            let connection = try? Connection(path: path + "/" + name, mode: .readOnly)
            return (try? connection?.integer("SELECT count(*) FROM rollup")) == 1
        }
    }
}

/// Runs `body` with a small file system in memory.
func withTmpfs(megabytes: Int, _ body: (_ path: String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "hdrlog-tmpfs-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try #require(mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0, "mount: errno \(errno)")
    defer {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
    try body(path)
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
