internal import CHdrlog

/// A descriptor of a map or a link, by the name under which another process finds it again.
///
/// As long as somebody keeps them all (systemd's file descriptor store does), the programs stay where they are and go on
/// counting when this process ends, and the next one takes over.
public struct Keepsake: Sendable {
    public var name: String
    /// Stays the property of whoever gave it.
    public var descriptor: Int32

    public init(name: String, descriptor: Int32) { (self.name, self.descriptor) = (name, descriptor) }

    /// Begins the names of everything that can be read by programs of the same layout.
    private static let layout = "hdrlog\(HDRLOG_LAYOUT)"

    /// - Parameter parts: without "-".
    init(_ parts: [String], descriptor: Int32) {
        self.init(name: ([Self.layout] + parts).joined(separator: "-"), descriptor: descriptor)
    }

    /// What `init` was given; nil when it is of another layout.
    var parts: [String]? {
        let parts = name.split(separator: "-").map { String($0) }
        return parts.first == Self.layout ? Array(parts.dropFirst()) : nil
    }
}
