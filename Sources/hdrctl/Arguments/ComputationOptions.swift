internal import ArgumentParser
internal import Records
internal import Store
internal import Wire

/// What a group tells of fields beside packets and bytes.
struct ComputationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The sum of a field over all packets, sampled ones estimated.", valueName: "fields"))
    var sum: String?

    @Option(help: ArgumentHelp("The least value of the logged packets.", valueName: "fields"))
    var min: String?

    @Option(help: ArgumentHelp("The greatest value of the logged packets.", valueName: "fields"))
    var max: String?

    @Option(help: ArgumentHelp("How many different values; about, beyond 1024.", valueName: "fields"))
    var distinct: String?

    /// nil when there is none.
    func list() throws(Failure) -> [AggregateRequest.Computation]? {
        var list: [AggregateRequest.Computation] = []
        let given: [(Computation.Function, String?)] = [(.sum, sum), (.min, min), (.max, max), (.distinct, distinct)]
        for (function, text) in given {
            guard let text else { continue }
            for field in try FieldList.parse(text, "--\(function.rawValue)") {
                guard Computation(function, of: field) != nil else {
                    throw Failure(.usage, "--\(function.rawValue): \(field.name) is not a number")
                }
                list.append(.init(function: function.rawValue, field: field.name))
            }
        }
        return list.isEmpty ? nil : list
    }
}
