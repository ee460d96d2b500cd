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
    /// XXH64 of each blob.
    var sums: PerBlob<UInt64>
    var summary: [UInt8]

    /// For messages.
    var name: String { number == BlockPlace.rollup ? "the rollup" : "block \(number)" }

    /// What has a column of its own before the summary, in the order of `columns`.
    var numbers: [Int64] {
        [number, first, last, count, clock, leastRate, greatestRate]
            + BlockBlob.allCases.map { Int64(bitPattern: sums[$0]) }
    }

    /// Covers the row itself, so that a flipped bit in a time cannot hide a block.
    func checksum(segment: Int64) -> UInt64 {
        let seed = ([segment] + numbers).withUnsafeBytes { XXHash64.hash($0) }
        return summary.withUnsafeBytes { XXHash64.hash($0, seed: seed) }
    }

    static let columns =
        "id, first, last, count, clock, least_rate, greatest_rate, "
        + BlockBlob.allCases.map { "\($0)_sum, " }.joined() + "summary, sum"

    static func insertion(into table: String) -> String {
        "INSERT INTO \(table) (\(columns)) VALUES (\([String](repeating: "?", count: 14).joined(separator: ",")))"
    }

    /// Reads the statement's current row.
    /// - Returns: the row, and whether its checksum is right.
    static func read(_ statement: borrowing Statement, segment: Int64) -> (row: BlockRow, isSound: Bool) {
        var sums = PerBlob<UInt64> { _ in 0 }
        for blob in BlockBlob.allCases { sums[blob] = UInt64(bitPattern: statement.integer(7 + Int32(blob.rawValue))) }
        let summary = 7 + Int32(BlockBlob.allCases.count)
        let row = BlockRow(
            number: statement.integer(0), first: statement.integer(1), last: statement.integer(2),
            count: statement.integer(3), clock: statement.integer(4), leastRate: statement.integer(5),
            greatestRate: statement.integer(6), sums: sums, summary: statement.withBlob(summary) { Array($0) })
        return (row, row.checksum(segment: segment) == UInt64(bitPattern: statement.integer(summary + 1)))
    }
}
