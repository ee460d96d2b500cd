import CHdrlog
import Glibc
import Records
import Store

// store-crash-writer DIRECTORY ROUND [sync]: writes numbered records until it is killed, and says on standard output
// how many have been flushed (or synced).

func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}

let isSyncing = CommandLine.arguments.last == "sync"
guard CommandLine.arguments.count >= 3, let round = UInt32(CommandLine.arguments[2]) else { exit(64) }
var limits = StoreLimits()
(limits.keepFree, limits.blockRecords, limits.segmentMaxSize) = (0, 700, 150_000)
(limits.flushInterval, limits.syncInterval) = (5_000_000, 20_000_000)
let writer = try StoreWriter.open(directory: CommandLine.arguments[1], limits: limits, interfaces: [1: "x"], now: now())
    .writer
let chunk = RecordChunk(capacity: 64 * 100)
var number: UInt32 = 0
say("open")
while true {
    chunk.removeAll()
    for _ in 0..<100 {
        number += 1
        var record = hdrlog_record()
        record.boot_ns = UInt64(now())
        (record.ifindex, record.frame_length, record.rate, record.segments, record.captured) = (1, 60, 1, 1, 22)
        var bytes = withUnsafeBytes(of: record) { Array($0) } + [UInt8](repeating: 2, count: 12) + [0x88, 0xB5]
        for value in [round, number] { withUnsafeBytes(of: value.bigEndian) { bytes += $0 } }
        bytes.withUnsafeBytes { precondition(chunk.append($0), "the chunk is large enough") }
    }
    writer.append(chunk, now: now())
    writer.tick(now: now())
    if number % 500 == 0 {
        if isSyncing { writer.sync(now: now()) } else { writer.flush(now: now()) }
        say(String(number))
    }
}
