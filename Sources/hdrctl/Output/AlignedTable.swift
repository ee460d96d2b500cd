/// Rows of cells, column under column.
enum AlignedTable {
    /// - Parameters:
    ///   - rows: the first one is the heading.
    ///   - numbers: columns that are aligned to the right.
    static func lines(_ rows: [[String]], numbers: Set<Int> = []) -> [String] {
        guard let heading = rows.first else { return [] }
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { line($0, widths: widths, numbers: numbers) }
    }

    static func line(_ row: [String], widths: [Int], numbers: Set<Int>) -> String {
        let cells = row.indices.map { column in
            let space = String(repeating: " ", count: max(0, widths[column] - row[column].count))
            return numbers.contains(column) ? space + row[column] : row[column] + space
        }
        return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
}
