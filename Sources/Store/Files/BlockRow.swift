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

    /// So many columns of numbers come before the summary.
    private static let numberCount = 7 + BlockBlob.allCases.count

    /// Covers the row itself, so that a flipped bit in a time cannot hide a block.
    func checksum(segment: Int64) -> UInt64 {
        let numbers = numbers
        return summary.withUnsafeBytes { Self.checksum(segment, { numbers[$0] }, $0) }
    }

    private static func checksum(
        _ segment: Int64, _ number: (Int) -> Int64, _ summary: UnsafeRawBufferPointer
    ) -> UInt64 {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 1 + numberCount) { all in
            all.initializeElement(at: 0, to: segment)
            for index in 0..<numberCount { all.initializeElement(at: 1 + index, to: number(index)) }
            return XXHash64.hash(summary, seed: XXHash64.hash(UnsafeRawBufferPointer(all)))
        }
    }

    static let columns =
        "id, first, last, count, clock, least_rate, greatest_rate, "
        + BlockBlob.allCases.map { "\($0)_sum, " }.joined() + "summary, sum"

    static func insertion(into table: String) -> String {
        let places = [String](repeating: "?", count: numberCount + 2).joined(separator: ",")
        return "INSERT INTO \(table) (\(columns)) VALUES (\(places))"
    }

    /// Whether the checksum of the statement's current row is right.
    static func isSound(_ statement: borrowing Statement, segment: Int64) -> Bool {
        let summary = Int32(numberCount)
        let sum = UInt64(bitPattern: statement.integer(summary + 1))
        return statement.withBlob(summary) { checksum(segment, { statement.integer(Int32($0)) }, $0) } == sum
    }

    /// Whether the block of the statement's current row overlaps a range.
    static func overlaps(_ statement: borrowing Statement, _ range: Range<Int64>) -> Bool {
        statement.integer(1) < range.upperBound && statement.integer(2) >= range.lowerBound
    }

    /// Reads the statement's current row.
    static func read(_ statement: borrowing Statement) -> BlockRow {
        var sums = PerBlob<UInt64> { _ in 0 }
        for blob in BlockBlob.allCases { sums[blob] = UInt64(bitPattern: statement.integer(7 + Int32(blob.rawValue))) }
        return BlockRow(
            number: statement.integer(0), first: statement.integer(1), last: statement.integer(2),
            count: statement.integer(3), clock: statement.integer(4), leastRate: statement.integer(5),
            greatestRate: statement.integer(6), sums: sums,
            summary: statement.withBlob(Int32(numberCount)) { Array($0) })
    }
}
