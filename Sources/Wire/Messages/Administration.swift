/// What `Config` answers.
public struct ConfigReply: Codable, Equatable, Sendable {
    public var settings: [Setting]

    public init(settings: [Setting]) { self.settings = settings }

    public struct Setting: Codable, Equatable, Sendable {
        /// `storage.max_use`
        public var key: String
        public var value: String
        /// A file with its line, or `default`.
        public var origin: String

        public init(key: String, value: String, origin: String) {
            self.key = key
            self.value = value
            self.origin = origin
        }
    }
}

/// What `Vacuum` is asked; at least one member.
public struct VacuumRequest: Codable, Equatable, Sendable {
    /// Segments may take so many bytes at the most.
    public var bytes: Int?
    /// UTC nanoseconds: segments that end before it go.
    public var before: Int64?

    public init(bytes: Int? = nil, before: Int64? = nil) {
        self.bytes = bytes
        self.before = before
    }
}

/// What `Vacuum` deleted.
public struct VacuumReply: Codable, Equatable, Sendable {
    public var segments: Int
    public var bytes: Int

    public init(segments: Int, bytes: Int) {
        self.segments = segments
        self.bytes = bytes
    }
}
