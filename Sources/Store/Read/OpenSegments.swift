/// The segments that a query has open. To open one takes as long as to read its rows. For one thread.
///
/// Only sealed ones are kept: who ends the running one waits until no reader has it open.
final class OpenSegments {
    /// As many clients as there may be, with two threads each, stay below the 1,024 descriptors that a process has by
    /// default. A query looks at all segments twice in one order: the first ones are kept, not the last ones.
    static let most = 6

    private let directory: StoreDirectory
    private var kept: [String: SegmentReader] = [:]

    init(_ directory: StoreDirectory) { self.directory = directory }

    /// One for another thread.
    func another() -> OpenSegments { OpenSegments(directory) }

    func reader(_ info: SegmentInfo) throws(StoreError) -> SegmentReader {
        if let open = kept[info.name] { return open }
        let opened = try SegmentReader(directory: directory, info: info)
        if opened.isSealed, kept.count < Self.most { kept[info.name] = opened }
        return opened
    }
}
