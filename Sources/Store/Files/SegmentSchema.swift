/// The tables of a segment; docs/format.md explains them.
enum SegmentSchema {
    /// "hdrl": PRAGMA application_id of every segment.
    static let applicationIdentifier: Int64 = 0x6864_726C
    /// PRAGMA user_version. A reader refuses greater ones.
    static let version: Int64 = 1

    private static let rowColumns = """
        (
            id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
            clock INTEGER NOT NULL, least_rate INTEGER NOT NULL, greatest_rate INTEGER NOT NULL,
            classes_sum INTEGER NOT NULL, filter_sum INTEGER NOT NULL, flows_sum INTEGER NOT NULL,
            hot_sum INTEGER NOT NULL, cold_sum INTEGER NOT NULL, summary BLOB NOT NULL, sum INTEGER NOT NULL)
        """

    /// Has one row, of block 0; only there when it has been worth it.
    static let createRollup = "CREATE TABLE rollup \(rowColumns)"

    /// `segment` lies in the main file from the beginning, before the WAL exists: a running file that was copied
    /// without its WAL says so.
    static let create = """
        PRAGMA page_size = 4096;
        PRAGMA auto_vacuum = NONE;
        BEGIN;
        PRAGMA application_id = \(applicationIdentifier);
        PRAGMA user_version = \(version);
        CREATE TABLE segment (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE block \(rowColumns);
        CREATE TABLE blob (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
        \(GapTable.create)
        INSERT INTO segment VALUES ('state', 'running');
        COMMIT;
        """
}
