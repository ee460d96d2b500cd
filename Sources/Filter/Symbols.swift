import Records

/// Names that stand for a field's values: `dscp = ef`, `sourcePort = https`, `malformed = badIhl`.
enum Symbols {
    /// The value of a number or name.
    static func value(_ text: String, of field: Field) -> UInt64? {
        Number.parse(text) ?? named(text.lowercased(), of: field)
    }

    static func expectation(of field: Field) -> String {
        let names = names(of: field)
        if names.isEmpty { return "a number for \(field.name)" }
        return "a number or a name for \(field.name), such as \(names[0])"
    }

    /// All names that a field knows, in lower case.
    static func names(of field: Field) -> [String] {
        switch field {
        case .dscp: dscp.map(\.0)
        case .ecn: ecn.map(\.0)
        case .protocol, .nextHeader, .extensionHeaders: IPProtocol.allNames
        case .etherType, .vlanTpid, .innerVlanTpid, .greProtocol: EtherType.allNames
        case .sourcePort, .destinationPort: ServiceName.all
        case .tcpFlags: TCPFlags.names.map { "\($0)" } + ["push"]
        case .arpOperation: arpOperations.map(\.0)
        case .malformed: malformed.map(\.0)
        case .icmpType: ByteNames.all.filter { $0.hasPrefix("icmp") }
        case _ where field.type == .boolean: ["true", "false"]
        default: []
        }
    }

    private static func named(_ name: String, of field: Field) -> UInt64? {
        switch field {
        case .dscp: dscp.first { $0.0 == name }?.1
        case .ecn: ecn.first { $0.0 == name }?.1
        case .protocol, .nextHeader, .extensionHeaders: IPProtocol.number(named: name).map(UInt64.init)
        case .etherType, .vlanTpid, .innerVlanTpid, .greProtocol: EtherType.type(named: name).map(UInt64.init)
        case .sourcePort, .destinationPort: ServiceName.port(named: name).map(UInt64.init)
        case .tcpFlags: TCPFlags(named: name).map { UInt64($0.rawValue) } ?? ByteNames.constant(name)
        case .arpOperation: arpOperations.first { $0.0 == name }?.1
        case .malformed: malformed.first { $0.0 == name }?.1
        case .icmpType: name.hasPrefix("icmp") ? ByteNames.constant(name) : nil
        case _ where field.type == .boolean: name == "true" ? 1 : name == "false" ? 0 : nil
        default: nil
        }
    }

    /// RFC 2474, 2597, 3246, 5865, 8622.
    private static let dscp: [(String, UInt64)] = [
        ("ef", 46), ("be", 0), ("cs0", 0), ("le", 1), ("cs1", 8), ("af11", 10), ("af12", 12), ("af13", 14), ("cs2", 16),
        ("af21", 18), ("af22", 20), ("af23", 22), ("cs3", 24), ("af31", 26), ("af32", 28), ("af33", 30), ("cs4", 32),
        ("af41", 34), ("af42", 36), ("af43", 38), ("cs5", 40), ("va", 44), ("cs6", 48), ("cs7", 56),
    ]

    /// RFC 3168.
    private static let ecn: [(String, UInt64)] = [("ce", 3), ("not-ect", 0), ("ect0", 2), ("ect1", 1)]

    private static let arpOperations: [(String, UInt64)] = [
        ("request", 1), ("reply", 2), ("rarp-request", 3), ("rarp-reply", 4),
    ]

    private static let malformed: [(String, UInt64)] = MalformedReason.allCases.map {
        ("\($0)".lowercased(), UInt64($0.rawValue))
    }
}
