internal import Filter

/// Reads the blocks of a query as far as each is needed. For one thread.
final class BlockReader {
    private let view: StoreReader.View
    let segments: OpenSegments
    private let order: Query.Order
    let range: Range<Int64>
    /// Not yet bound to a block's interface names.
    let filter: CompiledFilter
    /// Whether addresses or ports matter to the filter.
    private let usesEnds: Bool
    private let canPrune: Bool
    private var openSegment: SegmentBox?

    /// What a block has for a query.
    enum Outcome {
        /// Going by its row or its filter, it holds nothing of what is looked for.
        case passedOver
        /// Its records; nil when none of them is wanted.
        case read(Selection?)
        case unreadable(StoreError)
    }

    init(
        _ view: StoreReader.View, _ segments: OpenSegments, _ filter: CompiledFilter, _ range: Range<Int64>,
        _ order: Query.Order
    ) {
        (self.view, self.segments, self.filter, self.range, self.order) = (view, segments, filter, range, order)
        usesEnds = filter.usesEnds
        // Names are not in the summary, so a filter on them cannot tell.
        canPrune = !filter.isAlwaysTrue && !filter.usesInterfaceNames
    }

    /// One for the same query and another thread.
    func another() -> BlockReader { BlockReader(view, segments.another(), filter, range, order) }

    func segment(_ index: Int) throws(StoreError) -> SegmentBox {
        if let openSegment, openSegment.index == index { return openSegment }
        let box = SegmentBox(index, try segments.reader(view.segments[index]))
        openSegment = box
        return box
    }

    /// Whether a block may hold what is looked for, going by its row and, where that helps, by its filter.
    func mayHold(_ candidate: QueryRun.Candidate) -> Bool {
        guard canPrune, candidate.pending == nil, let summary = StoredSummary(candidate.row.summary) else {
            return true
        }
        guard filter.mayMatch(summary) else { return false }
        // A filter that cannot be read leaves the block in, whose own damage is told when it is read.
        guard usesEnds, let segment = try? segment(candidate.segment),
            let members = try? segment.filter(candidate.row)
        else { return true }
        var known = summary
        known.members = members
        return filter.mayMatch(known)
    }

    func read(_ candidate: QueryRun.Candidate) -> Outcome {
        guard mayHold(candidate) else { return .passedOver }
        do throws(StoreError) {
            guard let filtered = try filtered(candidate) else { return .read(nil) }
            let selection = try Selection(filtered, of: candidate, order)
            return .read(selection.isExhausted ? nil : selection)
        } catch {
            return .unreadable(error)
        }
    }

    /// - Returns: nil when none of the block's records is wanted.
    private func filtered(_ candidate: QueryRun.Candidate) throws(StoreError) -> FilteredBlock? {
        if let index = candidate.pending { return pending(index) }
        let order: ColdBlock.Order = order == .ascending ? .ascending : .any
        return try segment(candidate.segment).decode(candidate.row, range, filter, order)
    }

    /// Records that no block holds yet.
    func pending(_ index: Int) -> FilteredBlock {
        let block = view.pending[index]
        return FilteredBlock(memory: block, range, filter.bound(to: block.names))
    }
}
