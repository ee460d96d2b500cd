import Foundation

/// Figures by name: printed as they come, and merged into a JSON file that other benchmarks write to as well.
struct Results {
    private var figures: [String: Double] = [:]

    mutating func add(_ key: String, _ value: Double, _ unit: String, target: String = "") {
        figures[key] = (value * 1000).rounded() / 1000
        print(
            key.padding(toLength: 20, withPad: " ", startingAt: 0), String(format: "%10.2f", value),
            unit.padding(toLength: 28, withPad: " ", startingAt: 0), target)
    }

    /// Keys that are in the file already and were not measured now stay.
    func merge(into path: String) throws {
        let url = URL(fileURLWithPath: path)
        var all: [String: Any] = [:]
        if let old = try? Data(contentsOf: url), let known = try? JSONSerialization.jsonObject(with: old) {
            all = known as? [String: Any] ?? [:]
        }
        for (key, value) in figures { all[key] = value }
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONSerialization.data(withJSONObject: all, options: [.prettyPrinted, .sortedKeys]).write(to: url)
    }
}
