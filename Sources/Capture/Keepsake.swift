internal import CHdrlog

/// A descriptor of a map or a link, or of something else that a process leaves to the next one, by the name under which
/// that one finds it again.
///
/// As long as somebody keeps them all (systemd's file descriptor store does), the programs stay where they are and go on
/// counting when this process ends, and the next one takes over.
public struct Keepsake: Sendable {
    public var name: String
    /// Stays the property of whoever gave it.
    public var descriptor: Int32

    public init(name: String, descriptor: Int32) { (self.name, self.descriptor) = (name, descriptor) }

    /// Begins all names; HDRLOG_HANDOVER follows, since maps of another one cannot be read.
    private static let prefix = "hdrlog"

    // What they are, in the first part of their names.
    static let map = "map"
    static let link = "link"
    /// Of one version of the programs only.
    static let programs = "programs"

    /// Beside the names of maps: the descriptor of their types, see `Structure`.
    static let types = "types"

    /// - Parameter parts: without "-".
    public init(_ parts: [String], descriptor: Int32) {
        self.init(name: (["\(Self.prefix)\(HDRLOG_HANDOVER)"] + parts).joined(separator: "-"), descriptor: descriptor)
    }

    /// What `init` was given, whatever HDRLOG_HANDOVER is; empty for what is none of ours.
    var parts: [String] { handover == nil ? [] : name.split(separator: "-").dropFirst().map { String($0) } }

    /// HDRLOG_HANDOVER of the version that left it.
    var handover: Int? {
        guard name.hasPrefix(Self.prefix) else { return nil }
        return Int(name.dropFirst(Self.prefix.count).prefix { $0 != "-" })
    }
}
