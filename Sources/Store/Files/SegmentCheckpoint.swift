internal import SQLite

/// When the WAL of a running segment is moved into its file: each time so much was added, not with each commit, since
/// each checkpoint syncs two files.
struct SegmentCheckpoint {
    /// How large the WAL may get, in pages of 4096 bytes.
    let pages: Int
    /// Committed since the WAL was last moved as a whole.
    private var added: Int64 = 0

    init(pages: Int) { self.pages = pages }

    /// - Parameter bytes: were just committed.
    /// - Returns: false when the WAL has grown and a reader keeps it from shrinking.
    mutating func note(_ bytes: Int, _ connection: borrowing Connection) throws(StoreError) -> Bool {
        added += Int64(bytes) + 3 * 4096  // what changes of the tree beside
        guard added >= Int64(pages) * 4096 else { return true }
        do {
            let result = try connection.checkpoint(.passive)
            if result.isComplete { added = 0 }
            return result.isComplete || result.logged < pages * 5 / 4
        } catch {
            if error.kind == .busy { return false }
            throw .database(error)
        }
    }
}
