/// Which segments have to go, and whether the running one has to end: a pure function of what there is.
enum Retention {
    enum Action: Equatable {
        /// Delete this segment, by its position in the list.
        case delete(Int)
        /// Close the running segment: its size or age demands it, or only it is left to give space.
        case rotate
    }

    struct Situation {
        /// Oldest first; at most the last is running.
        var segments: [SegmentInfo]
        /// Allocated bytes of everything in the directory.
        var used: Int64
        /// Bytes that are about to be written.
        var needed: Int64
        /// Bytes free on the file system.
        var free: Int64
        var now: Int64
        /// What ages are counted by; nil is `now`. See `AgeClock`.
        var ageTime: Int64?
    }

    static func plan(_ situation: Situation, _ limits: StoreLimits) -> [Action] {
        var actions: [Action] = []
        var (used, free) = (situation.used + situation.needed, situation.free - situation.needed)
        for (index, segment) in situation.segments.enumerated() where segment.state != .running {
            let isOver = limits.maxUse > 0 && used > limits.maxUse
            let isShort = limits.keepFree > 0 && free < limits.keepFree
            let isOld = limits.maxAge > 0 && (situation.ageTime ?? situation.now) - segment.newest > limits.maxAge
            guard isOver || isShort || isOld else { continue }
            actions.append(.delete(index))
            used -= segment.bytes
            free += segment.bytes
        }
        if let running = situation.segments.last, running.state == .running, running.records > 0,
            isDue(running, situation, limits) || (limits.maxUse > 0 && used > limits.maxUse)
        {
            actions.append(.rotate)
        }
        return actions
    }

    private static func isDue(_ running: SegmentInfo, _ situation: Situation, _ limits: StoreLimits) -> Bool {
        if running.bytes + situation.needed > limits.effectiveSegmentSize { return true }
        return limits.segmentMaxAge > 0 && situation.now - running.start >= limits.segmentMaxAge
    }
}
