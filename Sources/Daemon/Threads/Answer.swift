/// One value that a thread owes another.
final class Answer<Value: Sendable>: Sendable {
    private let state = Monitor<Value?>(nil)

    /// To be called once.
    func give(_ value: Value) { state.update { $0 = value } }

    /// Waits for the value.
    /// - Parameter timeout: nanoseconds; nil afterwards.
    func wait(timeout: Int64) -> Value? { state.wait(timeout: timeout) { $0 } }
}
