/// Answers queries on a store: the daemon's own, records in memory included, or a directory of segments.
///
/// May be used from any thread, several at once; a query never makes the writer wait longer than a copy of the
/// records that are not yet in a block.
public struct StoreReader: Sendable {
    enum Source: Sendable {
        case live(Catalogue)
        case files(StoreDirectory)
    }

    let source: Source

    init(catalogue: Catalogue) { source = .live(catalogue) }

    /// Reads the segments in a directory, for which no daemon is needed. One that is being written is read as far
    /// as its records have been flushed to the disk; what the writer may have in memory is told as a gap.
    public init(directory: String) { source = .files(StoreDirectory(path: directory)) }

    var directory: StoreDirectory {
        switch source {
        case .live(let catalogue): catalogue.directory
        case .files(let directory): directory
        }
    }

    /// What a query begins with, all of one moment.
    struct View {
        var segments: [SegmentInfo]
        /// Records that no block holds yet.
        var pending: [DecodedBlock] = []
        /// Blocks from here on are not looked at: their records are among `pending`, or came later.
        var limit: BlockPlace?
        var gaps: [Gap] = []
        var unreadable: [QueryResult.Unreadable] = []
    }

    /// - Parameter segments: what has to be opened stays open there.
    func view(_ segments: OpenSegments) throws(StoreError) -> View {
        switch source {
        case .live(let catalogue):
            let (view, run, names) = catalogue.withState { state in
                let view = View(segments: state.segments, limit: state.place, gaps: state.gaps)
                return (view, state.pending.isEmpty ? nil : state.pending.snapshot(), state.names)
            }
            guard let run else { return view }
            var full = view
            full.pending = [DecodedBlock(run: run, names: names)]
            return full
        case .files(let directory): return try Self.view(of: directory, segments)
        }
    }

    private static func view(of directory: StoreDirectory, _ segments: OpenSegments) throws(StoreError) -> View {
        var view = View(segments: [])
        for name in try directory.names() {
            guard let (family, start) = SegmentName.parse(name), family == .headers else { continue }
            do {
                let bare = SegmentInfo(name: name, start: start, state: .running)
                var info = try segments.reader(bare).summarised()
                info.bytes = directory.allocated(name)
                view.segments.append(info)
                if info.state == .running, directory.length(name + "-wal") == 0, info.records == 0,
                    directory.length(SegmentName.lock) == 0, directory.allocated(SegmentName.tails[0]) == 0
                {
                    view.unreadable.append(.init(name: name, reason: "copied while running, without its -wal file"))
                }
            } catch {
                view.unreadable.append(.init(name: name, reason: error.description))
            }
        }
        let tails = Self.tails(of: directory, &view)
        for info in view.segments where tails.lack(blocksOf: info) {
            view.unreadable.append(
                .init(name: info.name, reason: "blocks are missing: its -wal file is damaged or gone"))
            view.gaps.append(tails.gap(behind: info))
        }
        for tail in tails where !directory.hasBlock(of: tail.place, view.segments) {
            if let gap = tail.damage(since: view.segments.last?.newest) { view.gaps.append(gap) }
            if !tail.run.isEmpty { view.pending.append(DecodedBlock(run: tail.run, names: tail.names)) }
        }
        if let gap = Self.unwritten(directory, view.segments, tails) { view.gaps.append(gap) }
        return view
    }

    private static func tails(of directory: StoreDirectory, _ view: inout View) -> [TailContents] {
        SegmentName.tails.compactMap { name in
            let tail = TailContents(path: directory.path(of: name))
            if tail == nil, directory.length(name) > 0 {
                view.unreadable.append(.init(name: name, reason: "its header is damaged"))
            }
            return tail
        }
    }

    /// What a running segment's writer may have in memory: what came since the disk had everything.
    private static func unwritten(
        _ directory: StoreDirectory, _ segments: [SegmentInfo], _ tails: [TailContents]
    ) -> Gap? {
        guard let info = segments.last, info.state == .running,
            let reader = try? SegmentReader(directory: directory, info: info),
            let interval = reader.note(SegmentNote.unsynced), interval > 0
        else { return nil }
        let written = tails.map(\.flushed) + [info.newest]
        let last = written.max()!
        return Gap(from: last, to: last.addingReportingOverflow(interval).partialValue, reason: .notWritten)
    }

    /// The segments, oldest first.
    public func segments() throws(StoreError) -> [SegmentInfo] { try view(OpenSegments(directory)).segments }

    /// Of a directory without a daemon only segments and use are known.
    public func statistics() throws(StoreError) -> StoreStatistics {
        switch source {
        case .live(let catalogue):
            return catalogue.withState { state in
                var statistics = state.statistics
                statistics.segments = state.segments
                return statistics
            }
        case .files(let directory):
            var statistics = StoreStatistics()
            statistics.segments = try segments()
            statistics.limits.maxUse = 0
            statistics.used = directory.usage()
            return statistics
        }
    }
}
