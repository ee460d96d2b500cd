import Foundation
import Records
import Store
import Testing

/// A writer in a process of its own, killed again and again while it fills blocks, flushes and rotates.
@Suite("Kill -9", .serialized)
struct CrashTests {
    let scratch = ScratchDirectory(inMemory: true)

    static let program: URL? = {
        let beside = Bundle.allBundles.map(\.bundleURL) + [Bundle.main.bundleURL]
        return beside.flatMap { [$0, $0.deletingLastPathComponent()] }
            .map { $0.appendingPathComponent("StoreCrashWriter") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// Runs a writer and kills it some time after it has opened the store.
    /// - Returns: how many records it said were flushed.
    /// - Parameter memory: a file that stands for one in memory, where flushes go.
    private func round(_ number: Int, after milliseconds: Int, memory: String?) throws -> Int {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = [scratch.path, String(number)] + (memory.map { ["memory", $0] } ?? [])
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let first = pipe.fileHandleForReading.availableData
        usleep(UInt32(milliseconds) * 1000)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let text = String(decoding: first + pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        try #require(text.hasPrefix("open"), "round \(number) did not open the store")
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return whole.compactMap { Int($0) }.last ?? 0
    }

    @Test(
        "25 kills in ingest, rotation and recovery lose nothing that was flushed, store nothing twice, and are told",
        .enabled(if: program != nil, "StoreCrashWriter is not built: swift build --product StoreCrashWriter"),
        arguments: 0..<12)
    func loop(shift: Int) throws {
        let rounds = 25
        let memory = shift < 8 ? nil : scratch.path + ".memory"
        defer { if let memory { unlink(memory) } }
        var flushed: [Int] = []
        for number in 0..<rounds {
            flushed.append(try round(number, after: (number * 7 + shift * 3) % 61, memory: memory))
        }
        let left = memory.map { open($0, O_RDWR) }
        let (writer, report) = try StoreWriter.open(
            directory: scratch.path, memory: left, now: Int64(Date().timeIntervalSince1970 * 1e9))
        if let left { close(left) }
        #expect(report.setAside.isEmpty && report.refused == 0)
        #expect(report.gap?.reason == .crashed)
        var found = [Set<UInt32>](repeating: [], count: rounds)
        var twice = 0
        let result = try writer.reader.query(Query()) { record, _ in
            let round = record.bytes.loadUnaligned(fromByteOffset: 14, as: UInt32.self).byteSwapped
            let number = record.bytes.loadUnaligned(fromByteOffset: 18, as: UInt32.self).byteSwapped
            if !found[Int(round)].insert(number).inserted { twice += 1 }
            return true
        }
        #expect(twice == 0)
        #expect(result.unreadable.isEmpty)
        #expect(result.gaps.filter { $0.reason == .crashed }.count == rounds)
        for (index, numbers) in found.enumerated() {
            // What was flushed is there, without a hole; what came later may be.
            #expect(numbers.count >= flushed[index], "round \(index)")
            #expect(numbers.isEmpty || Int(numbers.max()!) == numbers.count, "round \(index)")
        }
        let segments = try writer.reader.segments().count
        #expect(segments > rounds + 5, "rotation was not hit")
        let damage = try CrashedFlows.check(scratch.path, rounds: rounds, atLeast: flushed)
        #expect(damage.isEmpty)
        print("\(segments) segments, stored \(found.reduce(0) { $0 + $1.count }), flushed \(flushed.reduce(0, +))")
    }
}

/// The intervals of `StoreCrashWriter`: one for each 200 records that it said are safe, none twice, none missing between.
enum CrashedFlows {
    static func check(_ directory: String, rounds: Int, atLeast safe: [Int]) throws -> [IntervalDamage] {
        var found = [Set<UInt32>](repeating: [], count: rounds)
        var twice = 0
        // What the last kill left is sealed, as by the next daemon; a segment that was just being made has nothing.
        try FlowWriter(directory: directory, limits: StoreLimits(), now: Int64(Date().timeIntervalSince1970 * 1e9))
            .close(now: Int64(Date().timeIntervalSince1970 * 1e9))
        let scan = try FlowReader(directory: directory).forEach(in: .min ..< .max) { interval, _ in
            for sample in interval.counters where !found[Int(sample.interface)].insert(sample.value).inserted {
                twice += 1
            }
            return true
        }
        #expect(twice == 0)
        for (round, numbers) in found.enumerated() {
            #expect(numbers.count >= safe[round] / 200, "round \(round): \(numbers.count) of \(safe[round] / 200)")
            #expect(numbers.isEmpty || Int(numbers.max()!) == numbers.count, "round \(round)")
        }
        return scan.damage
    }
}
