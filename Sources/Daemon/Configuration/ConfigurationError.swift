/// What is wrong with a configuration file, where, and what was expected: one line for the operator.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    public let file: String
    /// Counted from 1; nil when the error is not of one line (the file cannot be read).
    public let line: Int?
    /// `section.key`; nil when the text is no TOML.
    public let key: String?
    public let problem: String

    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return key.map { "\(place): \($0): \(problem)" } ?? "\(place): \(problem)"
    }
}
