/// What one server, one client and one message may take.
public struct ServerLimits: Sendable {
    /// Connections at a time; one more is told so and closed.
    public var clients = 64
    /// Bytes of a call.
    public var messageBytes = 64 * 1024
    /// Bytes of an answer without `more`.
    public var replyBytes = 4 * 1024 * 1024
    /// A connection without a call is closed after this time.
    public var idle = Duration.seconds(600)
    /// A client that reads nothing of a waiting reply is given up after this time.
    public var stall = Duration.seconds(60)

    public init() {}
}
