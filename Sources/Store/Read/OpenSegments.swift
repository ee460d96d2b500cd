/// The segments that a query has open. To open one takes as long as to read its rows. For one thread.
///
/// Only sealed ones are kept: who ends the running one waits until no reader has it open.
final class OpenSegments {
    /// Each has a cache of half a megabyte; what more there are is opened anew.
    private static let most = 4

    private let directory: StoreDirectory
    /// The one last asked for at the end.
    private var kept: [SegmentReader] = []

    init(_ directory: StoreDirectory) { self.directory = directory }

    /// One for another thread.
    func another() -> OpenSegments { OpenSegments(directory) }

    func reader(_ info: SegmentInfo) throws(StoreError) -> SegmentReader {
        if let index = kept.firstIndex(where: { $0.info.name == info.name }) {
            kept.append(kept.remove(at: index))
            return kept.last!
        }
        let opened = try SegmentReader(directory: directory, info: info)
        if opened.isSealed {
            if kept.count == Self.most { kept.removeFirst() }
            kept.append(opened)
        }
        return opened
    }
}
