import Foundation
import Records
import Store
import Testing

/// An ext4 file system that stops from one moment to the next, as at a power cut: nothing that was not synced comes
/// back (ioctl EXT4_IOC_SHUTDOWN without a flush of the log).
@Suite("Power cut", .serialized)
struct PowerCutTests {
    private static let rounds = 20
    private let image = NSTemporaryDirectory() + "hdrlog-power-\(UUID().uuidString).img"
    private let mountPoint = NSTemporaryDirectory() + "hdrlog-power-\(UUID().uuidString)"

    private static func run(_ command: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }

    private static let canRun = getuid() == 0 && CrashTests.program != nil && run(["which", "mkfs.ext4"]) == 0

    /// A mount namespace that somebody made meanwhile may still hold the file system that was stopped; then the mount
    /// gives that one again, and is tried until it is gone.
    private func mountImage() throws {
        for _ in 0..<150 {
            try #require(Self.run(["mount", "-o", "loop", image, mountPoint]) == 0, "mount")
            let probe = Glibc.open(mountPoint + "/probe", O_WRONLY | O_CREAT, 0o600)
            if probe >= 0 {
                close(probe)
                return
            }
            try #require(Self.run(["umount", mountPoint]) == 0, "umount")
            usleep(200_000)
        }
        Issue.record("another mount namespace holds the file system that was stopped")
    }

    /// Stops the file system.
    private func cut() throws {
        let directory = Glibc.open(mountPoint, O_RDONLY | O_DIRECTORY)
        try #require(directory >= 0)
        defer { close(directory) }
        var flags: UInt32 = 2  // EXT4_GOING_FLAGS_NOLOGFLUSH
        try #require(ioctl(directory, 0x8004_587D, &flags) == 0, "EXT4_IOC_SHUTDOWN: errno \(errno)")
    }

    /// Runs a writer, cuts the power, kills it.
    /// - Returns: how many records it said were synced before the cut.
    private func round(_ number: Int) throws -> Int {
        let process = Process()
        process.executableURL = CrashTests.program
        process.arguments = [mountPoint + "/store", String(number), "sync"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let first = pipe.fileHandleForReading.availableData
        usleep(UInt32(20_000 + number * 9_000 % 60_000))
        // What is said from here on may be of a time after the cut: stop the writer before it.
        kill(process.processIdentifier, SIGSTOP)
        try cut()
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let text = String(decoding: first + pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return whole.compactMap { Int($0) }.last ?? 0
    }

    @Test(
        "20 power cuts lose nothing that was synced",
        .enabled(if: canRun, "needs root, mkfs.ext4 and StoreCrashWriter"))
    func loop() throws {
        try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
        defer {
            umount2(mountPoint, Int32(MNT_DETACH))
            rmdir(mountPoint)
            unlink(image)
        }
        try #require(Self.run(["truncate", "-s", "96M", image]) == 0)
        try #require(Self.run(["mkfs.ext4", "-q", image]) == 0)
        var synced: [Int] = []
        for number in 0..<Self.rounds {
            try mountImage()
            synced.append(try round(number))
            try #require(Self.run(["umount", mountPoint]) == 0, "umount")
        }
        try mountImage()
        try check(synced)
    }

    private func check(_ synced: [Int]) throws {
        let now = Int64(Date().timeIntervalSince1970 * 1e9)
        var limits = StoreLimits()
        limits.keepFree = 0
        let (writer, report) = try StoreWriter.open(directory: mountPoint + "/store", limits: limits, now: now)
        #expect(report.setAside.isEmpty)
        var found = [Set<UInt32>](repeating: [], count: Self.rounds)
        let result = try writer.reader.query(Query()) { record, _ in
            let round = record.bytes.loadUnaligned(fromByteOffset: 14, as: UInt32.self).byteSwapped
            found[Int(round)].insert(record.bytes.loadUnaligned(fromByteOffset: 18, as: UInt32.self).byteSwapped)
            return true
        }
        #expect(result.unreadable.isEmpty)
        for (index, numbers) in found.enumerated() {
            let lost = (0..<synced[index]).filter { !numbers.contains(UInt32($0 + 1)) }
            #expect(lost.count == 0, "round \(index): \(lost.count) of \(synced[index]) synced records are lost")
        }
        let damage = try CrashedFlows.check(mountPoint + "/store", rounds: Self.rounds, atLeast: synced)
        #expect(damage.isEmpty)
        print("power cuts: synced \(synced.reduce(0, +)), found \(found.reduce(0) { $0 + $1.count })")
        writer.close(now: now)
    }
}
