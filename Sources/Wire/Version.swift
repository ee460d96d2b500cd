/// The version of this build: what daemon and client tell with `--version`, and the daemon in GetInfo and Status.
public enum Version {
    public static let current = "0.1.0"
}
