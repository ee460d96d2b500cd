import Corpus
import Filter
import Foundation
import Records
import Store
import StoreFixtures

// store-bench DIRECTORY [HEADERS [RESULTS.json [COLUMNS]]]: ingest, size and queries, on synthetic traffic and on the
// corpus. With COLUMNS the store of synthetic traffic stays, its columns are written there for others to load, and the
// row table that ingest is compared with stays as COLUMNS.rows.sqlite.

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    let spent = clock.now - start
    return Double(spent.components.seconds) + Double(spent.components.attoseconds) * 1e-18
}

/// Processor time of this process, so that other work on the machine does not count.
func cpuSeconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    try body()
    return now() - start
}

/// What goes into the result file.
nonisolated(unsafe) var results: [String: Double] = [:]

func show(_ name: String, _ value: Double, _ unit: String) {
    print(name.padding(toLength: 36, withPad: " ", startingAt: 0), String(format: "%12.2f", value), unit)
}

func freshWriter(_ path: String) throws -> StoreWriter {
    try? FileManager.default.removeItem(atPath: path)
    var limits = StoreLimits()
    limits.keepFree = 0
    if let records = ProcessInfo.processInfo.environment["BLOCK"].flatMap({ Int($0) }) { limits.blockRecords = records }
    return try StoreWriter.open(directory: path, limits: limits, interfaces: [2: "eth0"], now: 1).writer
}

func size(_ path: String) throws -> Double { Double(try StoreReader(directory: path).statistics().used) }

/// Ingests chunks that exist already, so that only the store is measured.
func ingest(_ path: String, _ chunks: [RecordChunk], _ label: String) throws {
    let count = Double(chunks.reduce(0) { $0 + $1.count })
    let writer = try freshWriter(path)
    let spent = cpuSeconds {
        for (index, chunk) in chunks.enumerated() {
            chunk.clockOffset = Int64(index / 32) * 10_000_000_000  // chunks that come again are later
            writer.append(chunk, now: Int64(index) * 1_000_000)
        }
    }
    writer.close(now: Int64(chunks.count) * 1_000_000)
    show("ingest \(label)", count / spent / 1e6, "M headers/s of processor time")
    let bytes = try size(path) / count
    show("size \(label)", bytes, "bytes a header, all files")
    if label == "synthetic" { results["ingest_per_s"] = count / spent }
    if label == "corpus" { results["bytes_per_header_corpus"] = bytes }
}

func queries(_ path: String, _ total: Double) throws {
    let reader = StoreReader(directory: path)
    for (label, text, limit) in [
        ("first 100 tcp", "tcp", 100), ("needle", "host 10.1.2.3", 1_000_000), ("all", "", Int.max),
    ] {
        var query = Query()
        query.filter = try FilterExpression(parsing: text)
        query.limit = limit
        var result: QueryResult?
        var bytes = 0
        let spent = try seconds {
            result = try reader.query(query) { record, _ in
                bytes += record.bytes.count
                return true
            }
        }
        let found = result!
        show(
            "query \(label)", spent * 1000,
            "ms, \(found.delivered) of \(Int(total)) records, \(found.decoded) of \(found.blocks) blocks")
    }
}

func aggregations(_ path: String, _ total: Double, threads: Int) throws {
    let reader = StoreReader(directory: path)
    func run(_ label: String, _ change: (inout Aggregation) throws -> Void) throws {
        var question = Aggregation()
        try change(&question)
        var records: UInt64 = 0
        let spent = try seconds { records = try reader.aggregate(question, threads: threads).total.records }
        guard threads == 1 else {
            return show("\(label), \(threads) threads", total / spent / 1e6, "M headers/s (\(Int(spent * 1000)) ms)")
        }
        if label == "count tcp" { results["count_per_core_s"] = total / spent }
        if label.hasPrefix("top 10") { results["top_per_core_s"] = total / spent }
        show(label, total / spent / 1e6, "M headers/s (\(Int(spent * 1000)) ms, \(records) selected)")
    }
    try run("count") { _ in }
    try run("count tcp") { $0.filter = try FilterExpression(parsing: "tcp") }
    try run("count port 443") { $0.filter = try FilterExpression(parsing: "port 443") }
    try run("top 10 sources by bytes") { ($0.fields, $0.measure, $0.limit) = ([.source], .bytes, 10) }
    try run("SYNs per second") {
        $0.filter = try FilterExpression(parsing: "tcp flags syn")
        $0.bucket = 1_000_000_000
    }
    try run("by protocol and port") { $0.fields = [.protocol, .destinationPort] }
}

let path = CommandLine.arguments.dropFirst().first ?? NSTemporaryDirectory() + "hdrlog-bench"
let wanted = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 2_000_000
let columns = CommandLine.arguments.dropFirst(4).first
let maximum = 65_536

var traffic = SyntheticTraffic()
// A few different chunks; of a larger store they come again, so that memory does not bound its size.
var chunks: [RecordChunk] = []
for _ in 0..<min(wanted / maximum, 32) {
    let chunk = RecordChunk(capacity: maximum * 136)
    traffic.fill(chunk, count: maximum)
    chunks.append(chunk)
}
while chunks.count < wanted / maximum { chunks.append(chunks[chunks.count % 32]) }
try ingest(path, chunks, "synthetic")
let rows = min(chunks.count, 16)
let rowFile = columns.map { $0 + ".rows.sqlite" } ?? path + "-rows.sqlite"
let rowSeconds = try cpuSeconds { try RowTable.insert(Array(chunks[..<rows]), into: rowFile) }
if columns == nil {
    for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: rowFile + end) }
}
let rowRate = Double(chunks[..<rows].reduce(0) { $0 + $1.count }) / rowSeconds
show("row table", rowRate / 1e6, "M headers/s of processor time")
results["ingest_vs_rows"] = results["ingest_per_s"]! / rowRate
try queries(path, Double(chunks.reduce(0) { $0 + $1.count }))
for threads in 1...2 { try aggregations(path, Double(chunks.reduce(0) { $0 + $1.count }), threads: threads) }
chunks.removeAll()
if let columns { try Columns.write(path, to: columns) }
let corpus = path + "-corpus"
if Corpus.isPresent {
    let largest: Set<String> = ["zeek--echo-connections.pcap", "PcapPlusPlus--many-protocols.pcap"]
    for (label, skipping) in [("corpus", []), ("corpus without the two largest", largest)] {
        let chunk = RecordChunk(capacity: 64 << 20)
        try CorpusRecords.fill(chunk, skipping: skipping)
        try ingest(corpus, [chunk], label)
    }
} else {
    print(Corpus.absence)
}
try? FileManager.default.removeItem(atPath: corpus)
if columns == nil { try? FileManager.default.removeItem(atPath: path) }
if let file = CommandLine.arguments.dropFirst(3).first {
    let json = try JSONSerialization.data(withJSONObject: results, options: [.prettyPrinted, .sortedKeys])
    try json.write(to: URL(fileURLWithPath: file))
}
