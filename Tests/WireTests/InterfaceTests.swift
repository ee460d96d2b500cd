import Foundation
import Records
import Testing
import Wire

@Suite("Interface description")
struct InterfaceTests {
    private static let text = Interface.description(of: "io.hdrlog")!

    /// Member names of a type or of a method's parameters, in their order.
    private static func members(after head: String) -> [String] {
        guard let start = text.range(of: head) else { return [] }
        let body = text[start.upperBound...].prefix { $0 != ")" }
        return body.split(separator: ",").compactMap { part in
            part.split(separator: ":").first.map { $0.filter { $0.isLetter || $0.isNumber } }
        }
    }

    @Test("a record has every field under its name, in the catalogue's order, and the header bytes")
    func record() {
        #expect(Self.members(after: "type Record (") == Field.allCases.map(\.name) + ["linkType", "headers"])
    }

    @Test("a record's members have the types of their fields", arguments: Field.allCases)
    func types(_ field: Field) {
        let type =
            switch field.type {
            case .time, .integer: "?int"
            case .interface, .direction, .address, .mac, .bytes: "?string"
            case .boolean: "?bool"
            case .list: "?[]int"
            }
        #expect(Self.text.contains("\n  \(field.name): \(type),\n"))
    }

    @Test("message types have the members that the interface names")
    func messages() {
        func keys(_ value: some Encodable) -> [String] { JSONValue(encoding: value).object?.members.map(\.key) ?? [] }
        let query = QueryRequest(
            filter: "", since: 1, until: 2, limit: 3, reverse: true, follow: true, fields: [], raw: true)
        #expect(keys(query) == Self.members(after: "method Query("))
        #expect(keys(Completeness(since: 0, until: 0, records: 0)) == Self.members(after: "type Completeness ("))
        #expect(keys(Gap(since: 0, until: 0, reason: "", interface: "", lost: 0)) == Self.members(after: "type Gap ("))
        var counters = Counters()
        (counters.keyed, counters.flowPackets, counters.untrackedPackets) = (0, 0, 0)
        #expect(keys(counters) == Self.members(after: "type Counters ("))
        let interface = InterfaceStatus(
            name: "", index: 0, direction: "", hook: "", mode: "", reason: "", counters: counters)
        #expect(keys(interface) == Self.members(after: "type InterfaceStatus ("))
        let store = StoreStatus(
            directory: "", stored: 0, waiting: 0, segments: 0, bytes: 0, limit: 0, oldest: 0, newest: 0,
            headers: FamilyStatus(segments: 0, bytes: 0), flows: FamilyStatus(segments: 0, bytes: 0))
        #expect(keys(store) == Self.members(after: "type StoreStatus ("))
        let status = StatusReply(version: "", host: "", time: 0, startTime: 0, interfaces: [], store: store)
        let family = FamilyStatus(segments: 0, bytes: 0, limit: 0, oldest: 0, newest: 0)
        #expect(keys(family) == Self.members(after: "type FamilyStatus ("))
        #expect(keys(Refusal(name: "", reason: "")) == Self.members(after: "type Refusal ("))
        #expect(Set(keys(status)) == Set(Self.members(after: "method Status() -> (")))
    }

    @Test("administration's types have the members that the interface names")
    func administration() {
        func keys(_ value: some Encodable) -> [String] { JSONValue(encoding: value).object?.members.map(\.key) ?? [] }
        let request = AggregateRequest(
            filter: "", since: 0, until: 0, fields: [], bucket: 1, measure: "", limit: 1,
            compute: [.init(function: "", field: "")])
        #expect(keys(request) == Self.members(after: "method Aggregate("))
        let sums = AggregateReply.Sums(
            records: 0, bytes: 0, estimatedPackets: 0, estimatedBytes: 0, packetsMargin: 0, bytesMargin: 0)
        #expect(keys(sums) == Self.members(after: "type Sums ("))
        let flows = FlowsRequest(filter: "", since: 0, until: 0, order: "", limit: 1)
        #expect(keys(flows) == Self.members(after: "method Flows("))
        let flow = Flow(
            interface: "", direction: "", vlan: 0, protocol: 6, source: "", destination: "", sourcePort: 0,
            destinationPort: 0, icmpType: 0, icmpCode: 0, packets: 0, wirePackets: 0, bytes: 0, first: 0, last: 0,
            tcpFlags: 0, minTtl: 0, maxTtl: 0)
        #expect(keys(flow) == Self.members(after: "type Flow ("))
        let counters = CountsRequest(
            kinds: [], interface: "", direction: "", since: 0, until: 0, bucket: 1)
        #expect(keys(counters) == Self.members(after: "method Counts("))
        let count = Count(
            bucket: 0, interface: "", direction: "", kind: "", value: 0, reason: "", frames: 0, bytes: 0)
        #expect(keys(count) == Self.members(after: "type Count ("))
        #expect(keys(VacuumRequest(bytes: 1, before: 2)) == Self.members(after: "method Vacuum("))
        #expect(
            keys(ConfigReply.Setting(key: "", value: "", origin: "")) == Self.members(after: "type Setting ("))
    }
}
