internal import ArgumentParser

/// How many records at the most. Reads what follows even when it begins with a dash, so that a negative number is told.
struct LimitOption: ParsableArguments {
    @Option(
        name: [.customShort("n"), .customLong("limit")], parsing: .unconditional,
        help: ArgumentHelp("At most so many records.", valueName: "count"))
    var count: Int?

    func validate() throws {
        if let count, count < 0 { throw ValidationError("--limit takes a number from 0 on, not \(count)") }
    }
}
