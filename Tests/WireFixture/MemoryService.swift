internal import CHdrlog
internal import Filter
public import PacketBuilder
public import Records
public import Wire

/// The service over frames in memory: real filter, real encoder, real protocol; only the store is missing.
public final class MemoryService: HdrlogService {
    public struct Entry: Sendable {
        public var time: Int64
        public var interface: UInt32
        public var direction: Direction
        public var bytes: [UInt8]

        public init(_ packet: Packet, time: Int64, interface: UInt32 = 1, direction: Direction = .ingress) {
            self.time = time
            self.interface = interface
            self.direction = direction
            bytes = packet.bytes
        }
    }

    public static let interfaces: [UInt32: String] = [1: "eth0", 2: "wan \"1\"", 3: "=cmd"]

    private let entries: [Entry]
    /// How often the entries are told; for answers that are longer than any buffer.
    private let rounds: Int
    private let batch: Int
    public let sent = Counter()

    public init(_ entries: [Entry], rounds: Int = 1, batch: Int = 100) {
        self.entries = entries
        self.rounds = rounds
        self.batch = batch
    }

    public func status() async throws(ServiceError) -> StatusReply { Self.sampleStatus }

    public func query(
        _ request: QueryRequest, into sink: some ReplySink
    ) async throws(ServiceError) -> Completeness {
        let filter = try Self.filter(request.filter ?? "")
        let fields = try request.fields.map { names throws(ServiceError) in try Self.fields(names) }
        var encoder = RecordJSONEncoder(fields: fields, raw: request.raw ?? false)
        let limit = request.limit ?? .max
        var told = 0
        var goesOn = true
        for _ in 0..<rounds where goesOn {
            for entry in request.reverse == true ? entries.reversed() : entries where goesOn && told < limit {
                guard entry.time >= request.since ?? .min, entry.time < request.until ?? .max else { continue }
                guard Self.append(entry, to: &encoder, filter) else { continue }
                told += 1
                if encoder.count == batch { goesOn = try await flush(&encoder, sink) }
            }
        }
        if goesOn { _ = try await flush(&encoder, sink) }
        return Completeness(
            since: entries.first?.time ?? 0, until: entries.last?.time ?? 0, records: told,
            limited: !goesOn || told == limit,
            rates: [SamplingRate(rate: 1, records: told)],
            gaps: [Gap(since: 5, until: 6, reason: "ring full", interface: "eth0", lost: 3)])
    }

    private func flush(_ encoder: inout RecordJSONEncoder, _ sink: some ReplySink) async throws(ServiceError) -> Bool {
        let goesOn = try await sink.send(encoder)
        sent.add(encoder.count)
        encoder.removeAll()
        return goesOn
    }

    private static func append(_ entry: Entry, to encoder: inout RecordJSONEncoder, _ filter: CompiledFilter) -> Bool {
        entry.bytes.withUnsafeBytes { frame in
            let record = HeaderRecord(time: entry.time, metadata: metadata(of: entry, frame), bytes: frame)
            let layout = record.layout
            guard filter.matches(record, layout) else { return false }
            encoder.append(record, layout, interface: interfaces[entry.interface] ?? "")
            return true
        }
    }

    private static func metadata(of entry: Entry, _ frame: UnsafeRawBufferPointer) -> hdrlog_record {
        var metadata = hdrlog_record()
        metadata.ifindex = entry.interface
        metadata.frame_length = UInt32(frame.count)
        metadata.captured = UInt16(HeaderLayout.extent(of: frame, linkType: 0))
        metadata.rate = 1
        metadata.segments = 1
        metadata.direction = entry.direction.rawValue
        return metadata
    }

    private static func filter(_ text: String) throws(ServiceError) -> CompiledFilter {
        do throws(FilterError) {
            return CompiledFilter(try FilterExpression(parsing: text), interfaces: interfaces)
        } catch {
            throw .invalidFilter(
                position: error.column, found: error.found, expected: error.expected, hint: error.hint)
        }
    }

    private static func fields(_ names: [String]) throws(ServiceError) -> [Field] {
        var fields: [Field] = []
        for name in names {
            guard let field = Field(named: name) else { throw .invalidParameter("fields") }
            fields.append(field)
        }
        return fields
    }
}
