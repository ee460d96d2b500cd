internal import SQLite

/// A block's row: what is known of it before its blobs are read.
struct BlockRow: Sendable {
    var number: Int64
    var first: Int64
    var last: Int64
    var count: Int64
    /// What was added to CLOCK_BOOTTIME to get its newest record's time.
    var clock: Int64
    var leastRate: Int64
    var greatestRate: Int64
    var hotSum: UInt64
    var coldSum: UInt64
    var summary: [UInt8]

    /// Covers the row itself, so that a flipped bit in a time cannot hide a block.
    func checksum(segment: Int64) -> UInt64 {
        let fields = [
            segment, number, first, last, count, clock, leastRate, greatestRate, Int64(bitPattern: hotSum),
            Int64(bitPattern: coldSum),
        ]
        let seed = fields.withUnsafeBytes { XXHash64.hash($0) }
        return summary.withUnsafeBytes { XXHash64.hash($0, seed: seed) }
    }

    static let columns = "id, first, last, count, clock, least_rate, greatest_rate, hot_sum, cold_sum, summary, sum"

    /// Reads the statement's current row.
    /// - Returns: the row, and whether its checksum is right.
    static func read(_ statement: borrowing Statement, segment: Int64) -> (row: BlockRow, isSound: Bool) {
        let row = BlockRow(
            number: statement.integer(0), first: statement.integer(1), last: statement.integer(2),
            count: statement.integer(3), clock: statement.integer(4), leastRate: statement.integer(5),
            greatestRate: statement.integer(6), hotSum: UInt64(bitPattern: statement.integer(7)),
            coldSum: UInt64(bitPattern: statement.integer(8)), summary: statement.withBlob(9) { Array($0) })
        return (row, row.checksum(segment: segment) == UInt64(bitPattern: statement.integer(10)))
    }
}
