internal import Store
internal import Wire

/// How long a question may take.
struct TimeLimit {
    private let limit: TimeSpan

    init(_ limit: TimeSpan) { self.limit = limit }

    /// - Parameter body: asks its argument now and then whether to stop.
    /// - Throws: `.limitExceeded` when it had to stop, `.unavailable` with what the store says.
    func run<Answer>(_ body: (() -> Bool) throws(StoreError) -> Answer) throws(ServiceError) -> Answer {
        let deadline = Clock.boot + limit.nanoseconds
        var isLate = false
        let answer: Answer
        do {
            answer = try body {
                isLate = Clock.boot > deadline
                return isLate
            }
        } catch {
            throw .unavailable(problem: "\(error)")
        }
        if isLate {
            throw .limitExceeded(limit: "query.time_limit", maximum: Int(limit.nanoseconds / 1_000_000_000))
        }
        return answer
    }
}
