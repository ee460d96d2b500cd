/// The version of this build, as `--version`, GetInfo and the segments' headers show it.
public enum Version {
    public static let current = "0.1.0"
}
