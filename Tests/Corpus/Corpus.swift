public import Foundation

/// Real captures with per-frame ground truth, which tests use where they are present.
///
/// Looked for in `HDRLOG_CORPUS`, then in `../shared/corpus` beside the package. Not part of the project.
public enum Corpus {
    public static let directory: URL? = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let beside = package.deletingLastPathComponent().appendingPathComponent("shared/corpus")
        let named = ProcessInfo.processInfo.environment["HDRLOG_CORPUS"].map { URL(fileURLWithPath: $0) }
        return [named, beside].compactMap(\.self).first {
            FileManager.default.fileExists(atPath: $0.appendingPathComponent("SOURCES.tsv").path)
        }
    }()

    public static var isPresent: Bool { directory != nil }

    /// The reason that a skipped test shows.
    public static let absence = "no corpus: set HDRLOG_CORPUS or put one at ../shared/corpus"

    /// All captures, by name.
    public static func files() throws -> [URL] {
        guard let directory else { return [] }
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "pcap" }.sorted { $0.path < $1.path }
    }

    /// The lines of the ground truth that belongs to a capture, without the heading; columns separated by tabs.
    public static func truth(of capture: URL) throws -> [ArraySlice<UInt8>] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", capture.deletingPathExtension().appendingPathExtension("tsv.gz").path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return Array(text.split(separator: UInt8(ascii: "\n")).dropFirst())
    }
}
