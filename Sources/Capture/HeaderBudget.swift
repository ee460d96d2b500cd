/// Keeps the headers that are kept within so many a second: by how much all sampling rates are multiplied.
///
/// Fed with what a period brought; all packets are thinned alike, so that totals can still be estimated from each
/// record's rate. Goes up at once and far enough, since a ring or a disk fills meanwhile, and down by steps, since a
/// burst that is over for one period may go on in the next one.
public struct HeaderBudget: Equatable, Sendable {
    /// Headers a second.
    public var limit: Double
    /// All sampling rates are to be multiplied by this; 1 while the budget suffices.
    public private(set) var thinning: Int

    /// No rate can be multiplied by more.
    public static let most = 1 << 20
    /// Below this part of the budget it recovers, so that it does not swing between two values.
    private static let slack = 0.8

    public init(limit: Double, thinning: Int = 1) {
        self.limit = limit
        self.thinning = max(1, thinning)
    }

    /// Takes in what was kept in a period with the present thinning.
    /// - Parameter seconds: how long the period was.
    /// - Returns: true when `thinning` is another one now.
    public mutating func update(kept: UInt64, seconds: Double) -> Bool {
        guard seconds > 0, limit > 0 else { return false }
        let before = thinning
        // So many a second would be kept without thinning.
        let offered = Double(kept) / seconds * Double(thinning)
        let needed = min(Double(Self.most), max(1, (offered / limit).rounded(.up)))
        if Int(needed) > thinning {
            thinning = Int(needed)
        } else if offered / Double(max(1, thinning / 2)) <= limit * Self.slack {
            thinning = max(1, thinning / 2)
        }
        return thinning != before
    }
}
