/// The interface descriptions that the server hands out: the one place where methods, types and errors are defined.
/// `docs/protocol.md` explains them, `Messages/` holds them as Swift types, and tests compare the three.
public enum Interface {
    public static let name = "io.hdrlog"
    public static let serviceName = "org.varlink.service"

    /// The text of an interface, nil for one that is not known.
    public static func description(of name: String) -> String? {
        switch name {
        case Interface.name: hdrlog
        case serviceName: service
        default: nil
        }
    }

    static let hdrlog = """
        # Log of packet headers. All times are nanoseconds since 1970, UTC. Names are only ever added.
        interface io.hdrlog

        # One packet's header elements; a member is there when the packet has it. Flags are numbers as on the wire,
        # raw bytes are hexadecimal, addresses are text in their canonical form.
        type Record (
          time: ?int,
          interface: ?string,
          direction: ?string,
          frameLength: ?int,
          capturedLength: ?int,
          segments: ?int,
          rate: ?int,
          malformed: ?int,
          sourceMac: ?string,
          destinationMac: ?string,
          etherType: ?int,
          vlanCount: ?int,
          vlan: ?int,
          vlanTpid: ?int,
          vlanPcp: ?int,
          vlanDei: ?bool,
          innerVlan: ?int,
          innerVlanTpid: ?int,
          innerVlanPcp: ?int,
          innerVlanDei: ?bool,
          vlanStripped: ?bool,
          ipVersion: ?int,
          source: ?string,
          destination: ?string,
          protocol: ?int,
          ttl: ?int,
          dscp: ?int,
          ecn: ?int,
          ihl: ?int,
          totalLength: ?int,
          identification: ?int,
          reservedFlag: ?bool,
          dontFragment: ?bool,
          moreFragments: ?bool,
          fragmentOffset: ?int,
          headerChecksum: ?int,
          headerChecksumValid: ?bool,
          ipOptions: ?string,
          flowLabel: ?int,
          payloadLength: ?int,
          nextHeader: ?int,
          extensionHeaders: ?[]int,
          sourcePort: ?int,
          destinationPort: ?int,
          sequence: ?int,
          acknowledgment: ?int,
          dataOffset: ?int,
          tcpFlags: ?int,
          window: ?int,
          checksum: ?int,
          urgentPointer: ?int,
          tcpOptions: ?string,
          mss: ?int,
          windowScale: ?int,
          sackPermitted: ?bool,
          tsVal: ?int,
          tsEcr: ?int,
          udpLength: ?int,
          verificationTag: ?int,
          icmpType: ?int,
          icmpCode: ?int,
          restOfHeader: ?string,
          arpOperation: ?int,
          arpSenderMac: ?string,
          arpSenderAddress: ?string,
          arpTargetMac: ?string,
          arpTargetAddress: ?string,
          greFlags: ?int,
          greProtocol: ?int,
          greKey: ?int,
          spi: ?int,
          spiSequence: ?int,
          linkType: ?int,
          headers: ?string
        )

        # A time in which packets may be missing from the log, and why. `lost` is how many, where that is known.
        type Gap (since: int, until: int, reason: string, interface: ?string, lost: ?int)

        # A rate that applied: some of an answer's records were chosen 1 in `rate`. `records` is how many, where known.
        type SamplingRate (rate: int, records: ?int)

        # What an answer covers. `since` and `until` are the range that the log could answer for; `limited` says that
        # the limit ended the answer before the range did.
        type Completeness (
          since: int,
          until: int,
          records: int,
          limited: bool,
          rates: []SamplingRate,
          gaps: []Gap
        )

        # Of one interface and direction, since the daemon attached to it. `frames` are frames as the hook saw them,
        # `wirePackets` the packets that they stand for where the hardware cuts them up.
        type Counters (
          frames: int,
          wirePackets: int,
          bytes: int,
          filtered: int,
          counted: int,
          sampled: int,
          stored: int,
          waiting: int,
          ringLost: int,
          storeLost: int,
          malformed: [string]int,
          keyed: ?int,
          flowPackets: ?int,
          untrackedPackets: ?int
        )

        # A sum that must be right, with its two sides.
        type Identity (text: string, left: int, right: int, holds: bool)

        type InterfaceStatus (
          name: string,
          index: int,
          direction: string,
          hook: string,
          mode: string,
          reason: string,
          samplingRate: int,
          counters: Counters,
          framesPerSecond: float,
          bytesPerSecond: float,
          identities: []Identity
        )

        # One family of segments: what it takes, what it may take, and the times of the first and last that is stored.
        type FamilyStatus (segments: int, bytes: int, limit: ?int, oldest: ?int, newest: ?int)

        # `segments`, `oldest` and `newest` are those of packet headers, `bytes` those of all files. `headers` and `flows`
        # (flows and counters) have what each family takes of it.
        type StoreStatus (
          directory: string,
          stored: int,
          waiting: int,
          lost: [string]int,
          segments: int,
          bytes: int,
          limit: int,
          oldest: ?int,
          newest: ?int,
          headers: ?FamilyStatus,
          flows: ?FamilyStatus
        )

        # An interface that is wanted and cannot be logged.
        type Refusal (name: string, reason: string)

        # What runs, what it counted, and whether the sums are right (`consistent`). `flows` are in the kernel's tables,
        # `flowLimit` find room.
        method Status() -> (
          version: string,
          host: string,
          time: int,
          startTime: int,
          interfaces: []InterfaceStatus,
          refused: []Refusal,
          store: StoreStatus,
          flows: int,
          flowLimit: int,
          consistent: bool,
          gaps: []Gap
        )

        # Records that a filter selects, in the order of time. `filter` is the language of pcap-filter(7) with
        # comparisons of every member of Record. `since` is inclusive, `until` exclusive. With `more` the answer comes in
        # many replies, the last of which has `completeness`; without it in one, cut at the server's limit. `follow`
        # goes on with records as they come and needs `more`. `fields` chooses members; all by default. `raw` adds
        # `headers` (hexadecimal, from L2 to the end of L4's options) and `linkType` (0 Ethernet, 1 IP).
        method Query(
          filter: ?string,
          since: ?int,
          until: ?int,
          limit: ?int,
          reverse: ?bool,
          follow: ?bool,
          fields: ?[]string,
          raw: ?bool
        ) -> (records: []Record, completeness: ?Completeness)

        # Sums over records. The estimates count each record as often as its sampling rate says; the margins are at most
        # half the width of their 95 % confidence intervals, and are not there when every packet was logged.
        type Sums (
          records: int,
          bytes: int,
          estimatedPackets: int,
          estimatedBytes: int,
          packetsMargin: ?int,
          bytesMargin: ?int
        )

        # `function` is `sum` (of all packets, estimated as above), `min`, `max` or `distinct` (of the logged packets).
        type Computation (function: string, field: string)

        # `value` is not there where no packet has the field. `margin` is that of a sum. `approximate` says that different
        # values are an estimate with a standard error of 1.2 %: more than 1,024 are not counted one by one.
        type Computed (value: ?int, margin: ?int, approximate: bool)

        # `bucket` is when its time bucket begins. `values` has one text a field, empty where a packet has no such field;
        # `computed` one member for each of `compute`.
        type Group (bucket: ?int, values: []string, sums: Sums, computed: ?[]Computed)

        # Counts and sums the selected records: a group for each combination of the values of `fields`, and for each
        # `bucket` nanoseconds. Groups are ordered by `measure` (records or bytes), the greatest first; with buckets time
        # comes first. `rest` holds what found no room in memory. `compute` asks for more of each group, record by record.
        method Aggregate(
          filter: ?string,
          since: ?int,
          until: ?int,
          fields: ?[]string,
          bucket: ?int,
          measure: ?string,
          limit: ?int,
          compute: ?[]Computation
        ) -> (groups: []Group, total: Sums, rest: Sums, groupCount: int, completeness: Completeness)

        # A flow over the whole range, exact whatever the sampling: frames as the hook saw them, packets on the wire, bytes,
        # the OR of the TCP flags. Times are a clock tick exact.
        type Flow (
          interface: string,
          direction: string,
          vlan: ?int,
          protocol: int,
          source: string,
          destination: string,
          sourcePort: ?int,
          destinationPort: ?int,
          icmpType: ?int,
          icmpCode: ?int,
          packets: int,
          wirePackets: int,
          bytes: int,
          first: int,
          last: int,
          tcpFlags: ?int,
          minTtl: int,
          maxTtl: int
        )

        # The selected flows, ordered by `bytes` or `packets`, the greatest first, or by `time`. A filter may ask for
        # addresses, ports, protocol, interface, direction and VLAN. `flowCount`, `packets` and `bytes` are of all selected
        # flows; `rest` are packets of those that found no room in memory, `untracked` packets that found none in the
        # kernel's tables. `since` and `until` tell what is covered: whole intervals; `gaps` what is missing of it.
        method Flows(
          filter: ?string,
          since: ?int,
          until: ?int,
          order: ?string,
          limit: ?int
        ) -> (
          flows: []Flow,
          flowCount: int,
          packets: int,
          bytes: int,
          rest: int,
          untracked: int,
          since: ?int,
          until: ?int,
          damage: []string,
          gaps: ?[]Gap
        )

        # What was counted of an interface in one direction, exactly, whatever the sampling. `kind` is one of seen,
        # wirePackets, filtered, counted, sampled, ringLost, keyed, untracked, malformed, etherType, ipProtocol and the
        # histograms frameLength, ttl, trafficClass, fragments, tcpFlags, window, mss. `value` is the EtherType (0: any
        # other), the protocol, the malformed frames' `reason` by number, or the least value of a histogram's bucket.
        # `bucket` is when the time bucket begins.
        type Count (
          bucket: ?int,
          interface: string,
          direction: string,
          kind: string,
          value: ?int,
          reason: ?string,
          frames: int,
          bytes: ?int
        )

        # Sums of the counts of all `kinds`, interfaces and directions, or of the chosen ones, over the whole range or for
        # each `bucket` nanoseconds. Counts that are zero are left out. `since` and `until` tell what is covered: whole
        # intervals; `gaps` what is missing of it.
        method Counts(
          kinds: ?[]string,
          interface: ?string,
          direction: ?string,
          since: ?int,
          until: ?int,
          bucket: ?int
        ) -> (counts: []Count, since: ?int, until: ?int, damage: []string, gaps: ?[]Gap)

        # A setting that is in force: its key, its value as text, and where that came from (a file with its line, or
        # `default`).
        type Setting (key: string, value: string, origin: string)

        # All settings in force.
        method Config() -> (settings: []Setting)

        # Reads the configuration again. A wrong one changes nothing and is answered with Unavailable. Needs root.
        method Reload() -> ()

        # Ends the running segment and begins the next. Needs root.
        method Rotate() -> ()

        # Deletes whole segments, the oldest first, until those left take at most `bytes` and hold nothing that is older
        # than `before`. Tells what was deleted. Needs root.
        method Vacuum(bytes: ?int, before: ?int) -> (segments: int, bytes: int)

        # `position` is the 1-based column of the first character that is wrong, `found` the word there.
        error InvalidFilter (position: int, found: string, expected: string, hint: string)

        # The range of time cannot be answered.
        error InvalidTime (problem: string)

        # The peer's credentials do not allow the method; `needed` says what would.
        error PermissionDenied (needed: string)

        # A limit of the server; `limit` is its name, `maximum` its value.
        error LimitExceeded (limit: string, maximum: int)

        # The daemon cannot answer at present.
        error Unavailable (problem: string)

        """

    static let service = """
        # The Varlink Service Interface is provided by every varlink service. It describes the service and the
        # interfaces it implements.
        interface org.varlink.service

        # Get a list of all the interfaces a service provides and information about the implementation.
        method GetInfo() -> (
          vendor: string,
          product: string,
          version: string,
          url: string,
          interfaces: []string
        )

        # Get the description of an interface that is implemented by this service.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The requested interface was not found.
        error InterfaceNotFound (interface: string)

        # The requested method was not found
        error MethodNotFound (method: string)

        # The interface defines the requested method, but the service does not implement it.
        error MethodNotImplemented (method: string)

        # One of the passed parameters is invalid.
        error InvalidParameter (parameter: string)

        # Client is denied access
        error PermissionDenied ()

        # Method is expected to be called with 'more' set to true
        error ExpectedMore ()

        """
}
