extension LoadedConfiguration {
    /// Where the configuration is looked for unless the command line names a file.
    public static let defaultPath = "/etc/hdrlog/hdrlogd.toml"

    /// Reads the file and its drop-ins, `FILE.d/*.toml` in the order of their names; later ones win.
    /// - Parameter path: nil for the default file, which may be missing; a file that was named must exist.
    public static func read(path: String?) throws(ConfigurationError) -> LoadedConfiguration {
        var loaded = LoadedConfiguration()
        let main = path ?? defaultPath
        if let text = try read(main, mayBeMissing: path == nil) { try loaded.merge(text, file: main) }
        for file in try dropIns(of: main) {
            if let text = try read(file, mayBeMissing: true) { try loaded.merge(text, file: file) }
        }
        return loaded
    }

    private static func dropIns(of file: String) throws(ConfigurationError) -> [String] {
        let directory = file + ".d"
        do {
            return try Files.names(in: directory, suffix: ".toml").map { "\(directory)/\($0)" }
        } catch {
            throw ConfigurationError(file: directory, line: nil, key: nil, problem: "cannot list: \(error)")
        }
    }

    private static func read(_ file: String, mayBeMissing: Bool) throws(ConfigurationError) -> String? {
        do {
            return try Files.read(file)
        } catch {
            if mayBeMissing, error.isNoSuchFile { return nil }
            throw ConfigurationError(file: file, line: nil, key: nil, problem: "cannot read: \(error)")
        }
    }
}
