internal import TOMLKit

/// One `[[interface]]` table: what is different for the interfaces of a name or glob.
struct InterfaceSetting: Equatable, Sendable {
    /// A name or glob, as in `capture.interfaces`.
    var match: String
    var hook: Configuration.Hook?
    var direction: Configuration.Direction?
}

/// The `[[interface]]` tables of a configuration file, in the order in which they stand: the first that matches decides.
struct InterfaceSettings {
    static let section = "interface"

    private let tables: ArrayOfTables

    init(file: String, outline: TOMLOutline) {
        tables = ArrayOfTables(
            name: Self.section, keys: ["match", "hook", "direction"], file: file, outline: outline)
    }

    func settings(_ value: any TOMLValueConvertible) throws(ConfigurationError) -> [InterfaceSetting] {
        try tables.map(value) { table, place throws(ConfigurationError) in
            guard let match = table["match"]?.string, !match.isEmpty else {
                throw tables.fault(place, "match", "expected a name or glob such as \"eth*\"")
            }
            return InterfaceSetting(
                match: match, hook: try tables.choice(table, place, "hook", Configuration.Hook.self),
                direction: try tables.choice(table, place, "direction", Configuration.Direction.self))
        }
    }
}
