/// The time by which ages are counted: it doubts a wall clock that leaps ahead.
///
/// A clock that is set wrong for a moment must not make everything look old enough to be deleted. So a leap forward
/// counts only when it has stood for a day; until then ages go on from the time before. A host that was suspended or
/// off for a while looks the same, and its log just stays a day longer. A step back needs nothing: ages shrink.
struct AgeClock {
    /// What is believed at once.
    static let greatestStep: Int64 = 3_600 * 1_000_000_000
    /// How long a leap is doubted.
    static let doubt: Int64 = 86_400 * 1_000_000_000

    private var last: Int64
    /// How far the clock leapt ahead, and when that will be believed, by the clock itself.
    private var leap: Int64 = 0
    private var believedAt: Int64 = .min

    /// - Parameter last: the last moment that is known of, UTC nanoseconds; nil when there is none.
    init(last: Int64?) { self.last = last ?? .max }

    /// - Returns: the time to count ages by; never later than `now`.
    mutating func time(at now: Int64) -> Int64 {
        let step = now.subtractingReportingOverflow(last)
        if !step.overflow, last != .max {
            if step.partialValue > Self.greatestStep {
                leap += step.partialValue
                believedAt = now.addingReportingOverflow(Self.doubt).partialValue
            } else if step.partialValue < 0, leap > 0 {
                leap += step.partialValue
                believedAt += step.partialValue
                if leap <= Self.greatestStep { leap = 0 }
            }
        }
        last = now
        if now >= believedAt { leap = 0 }
        return now - leap
    }
}
