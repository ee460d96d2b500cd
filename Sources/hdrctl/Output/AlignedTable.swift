/// Rows of cells, column under column; the first row is the heading.
enum AlignedTable {
    /// - Parameter numbers: columns that are aligned to the right.
    static func lines(_ rows: [[String]], numbers: Set<Int> = []) -> [String] {
        guard let heading = rows.first else { return [] }
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return numbers.contains(column) ? space + row[column] : row[column] + space
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }
}
