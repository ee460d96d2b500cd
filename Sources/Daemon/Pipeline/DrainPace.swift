/// How long the drain thread may sleep once all rings were empty.
///
/// Each look at the rings wakes the store thread too, and takes time from the traffic that is logged. So it is as rare as
/// the rings' size allows, should records go on coming as they did since the last look. While none come, the first one
/// ends the pause.
struct DrainPace {
    /// Microseconds: less than a ring of the default size covers at any rate, and as long as a burst out of silence may
    /// last unseen.
    static let shortest: UInt32 = 10_000
    static let longest: UInt32 = 40_000
    /// When the rings were empty twice; no longer than the watchdog wants to see.
    static let asleep: UInt32 = 400_000
    /// What may gather meanwhile: this share of a ring.
    private static let share = 16

    private let ring: Int
    private(set) var pause = DrainPace.longest
    /// Nothing came since the last look: the next record should end the pause.
    private(set) var isQuiet = false

    /// - Parameter ring: bytes of one CPU's ring.
    init(ring: Int) { self.ring = ring }

    /// - Parameter drained: bytes that came since the last pause began, out of all rings: as if out of one.
    /// - Returns: microseconds.
    mutating func next(drained: Int) -> UInt32 {
        let expected = drained * Int(Self.longest) / Int(pause)
        let room = ring / Self.share
        let wasQuiet = isQuiet
        isQuiet = drained == 0
        if wasQuiet && isQuiet {
            pause = Self.asleep
        } else {
            pause = expected <= room ? Self.longest : max(Self.shortest, UInt32(Int(Self.longest) * room / expected))
        }
        return pause
    }
}
