internal import CHdrlog
public import Records

/// What waits for the store thread, in the order in which it will come to it.
public enum Queued {
    /// The part of it that is not taken yet.
    case chunk(RecordChunk)
    /// Records that an earlier process had read and did not store.
    case lost(count: UInt64, of: StoreStatistics.Source)
    /// The interface's statistics begin anew.
    case forget(interface: UInt32)
}

/// Where the records of one interface and direction are, each counted at the place itself.
public struct Census: Sendable, Equatable {
    /// In committed blocks.
    public var stored: UInt64 = 0
    /// On the way to the store, and in the block that is being filled.
    public var waiting: UInt64 = 0
    public var lost: UInt64 = 0

    public init() {}
}

/// What a census has to know of what has happened since the one before, so that it can leave out the generation that
/// runs. Part of the catalogue's state: it changes together with what it tells of.
struct Ledger {
    /// Records of the block being filled that the last census has met.
    var met = 0
    /// Records that have come into blocks, or were lost, since the last census, which did not meet them waiting.
    var stored = RecordCount()
    var lost = RecordCount()
    /// Records of the block being filled whose interface was forgotten after they came.
    var disowned: [StoreStatistics.Source: UInt64] = [:]

    /// The block being filled has been committed.
    mutating func commit(_ run: RecordRun) {
        stored.add(run, min(met, run.count)..<run.count)
        met = 0
        disowned = [:]
    }

    mutating func disown(_ run: RecordRun, interface: UInt32? = nil) {
        disowned = disowned.filter { $0.key.interface != interface }
        var counts = RecordCount()
        counts.add(run, 0..<run.count)
        for (key, count) in counts.entries where interface == nil || key.source.interface == interface {
            disowned[key.source, default: 0] += count
        }
    }
}

extension StoreReader {
    /// Counts the records of all generations but the one that runs, at every place where they may be; nothing is inferred
    /// from what came in. All generations before that are out of the rings, and no two censuses are of the same.
    /// - Parameters:
    ///   - running: low 8 bits of the generation that is left out.
    ///   - queue: what the writer has not been given yet, or not taken over to the end; stays so during the call.
    public func census(before running: UInt8, _ queue: [Queued]) -> [StoreStatistics.Source: Census] {
        guard case .live(let catalogue) = source else { return [:] }
        return catalogue.withState { state in
            var census = Self.settled(&state, running)
            for queued in queue {
                switch queued {
                case .chunk(let chunk):
                    let isMet = chunk.isMet
                    chunk.forEachUntaken { record in
                        guard isMet || record.generation != running else { return }
                        let source = StoreStatistics.Source(interface: record.ifindex, direction: record.direction)
                        census[source, default: Census()].waiting += 1
                    }
                    chunk.isMet = true
                case .lost(let count, let source): census[source, default: Census()].lost += count
                case .forget(let interface): census = census.filter { $0.key.interface != interface }
                }
            }
            return census
        }
    }

    /// What the writer has taken over, and the books begun anew.
    private static func settled(_ state: inout Catalogue.State, _ running: UInt8) -> [StoreStatistics.Source: Census] {
        var census: [StoreStatistics.Source: Census] = [:]
        for (source, tally) in state.statistics.sources {
            census[source, default: Census()].stored = tally.stored
            census[source, default: Census()].lost = tally.lost
        }
        for (key, count) in state.ledger.stored.entries where key.generation == running {
            census[key.source]?.stored.lower(by: count)
        }
        for (key, count) in state.ledger.lost.entries where key.generation == running {
            census[key.source]?.lost.lower(by: count)
        }
        let run = state.pending
        var (old, new) = (RecordCount(), RecordCount())
        old.add(run, 0..<min(state.ledger.met, run.count))
        new.add(run, min(state.ledger.met, run.count)..<run.count)
        let waiting = old.entries + new.entries.filter { $0.key.generation != running }
        for (key, count) in waiting { census[key.source, default: Census()].waiting += count }
        for (source, count) in state.ledger.disowned { census[source]?.waiting.lower(by: count) }
        state.ledger.met = run.count
        state.ledger.stored = RecordCount()
        state.ledger.lost = RecordCount()
        return census
    }
}

extension UInt64 {
    fileprivate mutating func lower(by count: UInt64) { self -= Swift.min(self, count) }
}
