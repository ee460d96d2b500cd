/// Sums up events that repeat: a few of a kind are told, of the rest only the number.
///
/// A kind is a message id with its interface. Times are nanoseconds of any clock that does not jump.
struct LogThrottle {
    /// So many of a kind are told within a window.
    static let burst = 5
    static let window: Int64 = 30_000_000_000

    private struct Kind {
        var begun: Int64
        var told = 1
        var held = 0
        /// The last text that was held back.
        var text = ""
    }

    private var kinds: [String: Kind] = [:]

    /// - Returns: whether to tell it.
    mutating func admits(_ key: String, text: String, now: Int64) -> Bool {
        guard var kind = kinds[key], now - kind.begun < Self.window || kind.held > 0 else {
            kinds[key] = Kind(begun: now)
            return true
        }
        let isTold = kind.told < Self.burst
        if isTold { kind.told += 1 } else { (kind.held, kind.text) = (kind.held + 1, text) }
        kinds[key] = kind
        return isTold
    }

    /// The kinds whose window is over: what was held back, and how many times. Call it now and then.
    mutating func takeSums(now: Int64) -> [(key: String, text: String, count: Int)] {
        let over = kinds.filter { now - $0.value.begun >= Self.window }
        for key in over.keys { kinds[key] = nil }
        return over.filter { $0.value.held > 0 }.map { ($0.key, $0.value.text, $0.value.held) }.sorted { $0.0 < $1.0 }
    }
}
