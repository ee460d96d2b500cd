/// What happened in the store that an operator may want to read. The daemon takes and logs them.
public enum StoreEvent: Sendable, Equatable {
    case segmentBegun(name: String)
    case segmentSealed(name: String, records: Int64, bytes: Int64)
    /// Retention deleted it.
    case segmentDeleted(name: String, bytes: Int64)
    /// It cannot be read; the file has been renamed.
    case segmentSetAside(name: String, reason: String)
    /// A reader kept the WAL from shrinking, so the segment was ended early.
    case walPinned(name: String, bytes: Int64)
    /// Writing fails; records are kept in memory as far as that goes, and tried again.
    case stalled(StoreError)
    /// Writing works again; so many records were lost meanwhile.
    case recovered(lost: UInt64)
}
