internal import CHdrlog
internal import Filter
internal import Records
internal import Store

/// A column of `flows`: a row is what one flow had in one interval.
enum FlowColumn: String, CaseIterable {
    case intervalSince, intervalUntil, first, last, interface, direction, vlan, `protocol`
    case source, sourcePort, destination, destinationPort, icmpType, icmpCode
    case packets, wirePackets, bytes, tcpFlags, minTtl, maxTtl

    static let columns = allCases.map { LogColumn(name: $0.rawValue, kind: $0.kind, pushing: $0.pushing) }

    private var kind: LogColumn.Kind {
        switch self {
        case .interface, .direction, .source, .destination: .text
        default: .integer
        }
    }

    private var pushing: LogColumn.Pushing {
        switch self {
        case .intervalSince: .time
        case .interface: .word(field: rawValue, isValue: LogColumn.isPlainName)
        case .protocol: .number(field: rawValue, maximum: 255)
        case .source, .destination: .word(field: rawValue) { IPAddress($0) != nil }
        default: .none
        }
    }
}

final class FlowRows: LogRows {
    private let settings: SQLTables.Settings
    private var columns: [FlowColumn] = []
    private var filter = FilterExpression.all
    private var cursor: IntervalCursor?

    init(_ settings: SQLTables.Settings) { self.settings = settings }

    func start(_ question: LogQuestion) {
        columns = question.columns.map { FlowColumn.allCases[$0] }
        filter = question.filter
        cursor = IntervalCursor(question, settings)
    }

    func fill(_ batch: RowBatch) throws -> Bool {
        guard let cursor else { return false }
        return try cursor.fetch { interval in
            let filter = CompiledFilter(filter, interfaces: interval.names)
            for flow in interval.flows {
                switch filter.verdict(for: FlowKey(flow)) {
                case .yes: append(flow, interval, to: batch)
                case .no: break
                case .depends:
                    throw SQLProblem(
                        description:
                            "flows have addresses, ports, protocol, interface, direction and VLAN; no other field")
                }
            }
            return !batch.isFull
        }
    }

    private func append(_ flow: FlowRecord, _ interval: FlowInterval, to batch: RowBatch) {
        let (key, value) = (flow.key, flow.value)
        for column in columns {
            switch column {
            case .intervalSince: batch.integer(interval.from)
            case .intervalUntil: batch.integer(interval.to)
            case .first: batch.integer(flow.first)
            case .last: batch.integer(flow.last)
            case .interface: batch.text(interval.names[key.ifindex] ?? "\(key.ifindex)")
            case .direction: batch.text(flow.direction.name)
            case .vlan: batch.integer(flow.vlan)
            case .protocol: batch.integer(key.protocol)
            case .source: batch.address(flow.source)
            case .sourcePort: batch.integer(flow.sourcePort)
            case .destination: batch.address(flow.destination)
            case .destinationPort: batch.integer(flow.destinationPort)
            case .icmpType: batch.integer(flow.icmpType)
            case .icmpCode: batch.integer(flow.icmpCode)
            case .packets: batch.integer(value.frames)
            case .wirePackets: batch.integer(value.wire_packets)
            case .bytes: batch.integer(value.bytes)
            case .tcpFlags: batch.integer(key.protocol == IPProtocol.tcp ? value.tcp_flags : nil)
            case .minTtl: batch.integer(value.min_ttl)
            case .maxTtl: batch.integer(value.max_ttl)
            }
        }
        batch.endRow()
    }
}
