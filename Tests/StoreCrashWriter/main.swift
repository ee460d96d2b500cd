import CHdrlog
import Glibc
import Records
import Store

// store-crash-writer DIRECTORY ROUND [sync | memory FILE]: writes numbered records, and a numbered interval of flows for each 200 of
// them, rotates both families now and then, until it is killed, and says on standard output how many records have been
// flushed (or synced). FILE stands for one in memory: syncs are rare then, and flushes go there.

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
var memory: Int32?
if CommandLine.arguments.count == 5 {
    memory = open(CommandLine.arguments[4], O_RDWR | O_CREAT, 0o600)
    limits.syncInterval = 60_000_000_000
}
let writer = try StoreWriter.open(
    directory: CommandLine.arguments[1], limits: limits, interfaces: [1: "x"], memory: memory, now: now()
).writer
var flowLimits = limits
flowLimits.syncInterval = 0  // a tick syncs
let flows = try FlowWriter(directory: CommandLine.arguments[1], limits: flowLimits, now: now())

/// The round and the number stand in its counters.
func interval(_ number: UInt32) -> FlowInterval {
    let end = now()
    return FlowInterval(
        from: end - 1_000_000, to: end, names: [1: "x"],
        counters: [CounterSample(interface: round, direction: .ingress, kind: .ttl, value: number, frames: 1)])
}

let chunk = RecordChunk(capacity: 64 * 100)
var record = hdrlog_record()
(record.ifindex, record.frame_length, record.rate, record.segments, record.captured) = (1, 60, 1, 1, 22)
let numbers = MemoryLayout<hdrlog_record>.size + 14
var bytes = withUnsafeBytes(of: record) { Array($0) } + [UInt8](repeating: 2, count: 12) + [0x88, 0xB5]
bytes += [UInt8](repeating: 0, count: 8)
var number: UInt32 = 0
say("open")
while true {
    chunk.removeAll()
    let time = UInt64(now())
    bytes.withUnsafeMutableBytes { bytes in
        bytes.storeBytes(of: time, as: UInt64.self)
        bytes.storeBytes(of: round.bigEndian, toByteOffset: numbers, as: UInt32.self)
        for _ in 0..<100 {
            number += 1
            bytes.storeBytes(of: number.bigEndian, toByteOffset: numbers + 4, as: UInt32.self)
            precondition(chunk.append(UnsafeRawBufferPointer(bytes)), "the chunk is large enough")
        }
    }
    writer.append(chunk, now: now())
    writer.tick(now: now())
    if number % 300 == 0 { writer.rotate(now: now()) }
    if number % 200 == 0 {
        flows.append(interval(number / 200), now: now())
        if isSyncing { flows.tick(now: now()) }
        if isSyncing { writer.sync(now: now()) } else { writer.flush(now: now()) }
        say(String(number))
        if number % 1000 == 0 { flows.rotate(now: now()) }
    }
}
