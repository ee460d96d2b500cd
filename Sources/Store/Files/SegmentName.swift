/// The names of the store's files. A segment's is its family and when it was begun, so that names sort by time:
/// `headers-1763934123000000000.db`.
enum SegmentName {
    static let lock = "lock"
    static let tails = ["tail-0", "tail-1"]
    static let damagedSuffix = ".damaged"

    static func name(family: SegmentFamily, start: Int64) -> String {
        let digits = String(start)
        return "\(family.rawValue)-\(String(repeating: "0", count: max(0, 19 - digits.utf8.count)))\(digits).db"
    }

    /// Reads a name; nil for other files.
    static func parse(_ name: String) -> (family: SegmentFamily, start: Int64)? {
        guard name.hasSuffix(".db") else { return nil }
        let parts = name.dropLast(3).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let family = SegmentFamily(rawValue: String(parts[0])), let start = Int64(parts[1])
        else { return nil }
        return (family, start)
    }

    /// Whether the file is the store's own, so that it counts and may be deleted.
    static func isOurs(_ name: String) -> Bool {
        if name == lock || tails.contains(name) { return true }
        return SegmentFamily.allCases.contains { name.hasPrefix($0.rawValue + "-") && name.contains(".db") }
    }

    /// What SQLite keeps beside a database.
    static func companions(_ name: String) -> [String] { [name + "-wal", name + "-shm", name + "-journal"] }
}

/// What a segment holds. Families have budgets of their own.
public enum SegmentFamily: String, Sendable, CaseIterable {
    case headers
    case flows
}
