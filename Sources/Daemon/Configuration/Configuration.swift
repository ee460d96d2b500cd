internal import Filter

/// What the operator can set. Every value has a default that suits a server; see `Setting.all` for the keys.
public struct Configuration: Equatable, Sendable {
    public var capture = CaptureSection()
    public var storage = StorageSection()
    public var socket = SocketSection()
    public var query = QuerySection()
    /// `[[rule]]`, in order: the first that matches a packet decides.
    var rules: [Rule] = []

    public init() {}

    public struct CaptureSection: Equatable, Sendable {
        public var interfaces = ["auto"]
        public var hook = Hook.auto
        public var direction = Direction.both
        /// `[[interface]]`, in order: the first that matches a name decides about it.
        var perInterface: [InterfaceSetting] = []
        public var samplingRate = 1
        public var alwaysKeep = ["tcp-edges", "icmp-errors", "malformed"]
        public var firstPackets = 0
        public var headerBudget = 0
        public var ringMemory = ByteSize(bytes: 16 << 20)
        public var flowMemory = ByteSize(bytes: 32 << 20)
        public var flowInterval = TimeSpan.seconds(10)
    }

    public struct StorageSection: Equatable, Sendable {
        public var directory = ""
        public var maxUse = ByteSize(bytes: 4 << 30)
        public var flowMaxUse = ByteSize(bytes: 512 << 20)
        public var keepFree = ByteSize(bytes: 1 << 30)
        public var flowKeepFree = ByteSize(bytes: 0)
        public var maxAge = TimeSpan(nanoseconds: 0)
        public var flowMaxAge = TimeSpan(nanoseconds: 0)
        public var segmentMaxSize = ByteSize(bytes: 128 << 20)
        public var flowSegmentMaxSize = ByteSize(bytes: 0)
        public var segmentMaxAge = TimeSpan.seconds(86_400)
        public var flowSegmentMaxAge = TimeSpan(nanoseconds: 0)
        public var flushInterval = TimeSpan.seconds(1)
        public var syncInterval = TimeSpan.seconds(5)
    }

    public struct SocketSection: Equatable, Sendable {
        public var path = "/run/hdrlog/hdrlogd.sock"
        public var group = "hdrlog"
        public var maxClients = 64
    }

    public struct QuerySection: Equatable, Sendable {
        public var timeLimit = TimeSpan.seconds(60)
        public var concurrent = 4
    }

    public enum Hook: String, CaseIterable, Sendable { case auto, native, generic, tc, clsact }
    public enum Direction: String, CaseIterable, Sendable { case `in`, out, both }
}
