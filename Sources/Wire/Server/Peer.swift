internal import Glibc
internal import NIOCore

/// Who is at the other end of the socket, as the kernel tells it.
public struct Peer: Equatable, Sendable {
    public var process: Int32
    public var user: UInt32
    public var group: UInt32
    /// Supplementary groups when the client connected, without group 0.
    public var groups: Set<UInt32>

    public init(process: Int32, user: UInt32, group: UInt32, groups: Set<UInt32> = []) {
        self.process = process
        self.user = user
        self.group = group
        self.groups = groups
    }

    public func isMember(of wanted: UInt32) -> Bool { group == wanted || groups.contains(wanted) }
}

/// Who may do what.
public struct AccessPolicy: Equatable, Sendable {
    /// Members may call the methods that read; nil leaves that to the socket's mode.
    public var readers: UInt32?
    /// The daemon's own user, who may do what root may.
    public var owner: UInt32

    public init(readers: UInt32? = nil, owner: UInt32) {
        self.readers = readers
        self.owner = owner
    }

    public func mayRead(_ peer: Peer) -> Bool {
        guard let readers, !mayChange(peer) else { return true }
        return peer.isMember(of: readers)
    }

    public func mayChange(_ peer: Peer) -> Bool { peer.user == 0 || peer.user == owner }
}

extension Peer {
    /// unix(7) `struct ucred`, which glibc shows to GNU C only.
    private struct Credentials: Sendable {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    /// More groups than this are not seen; a login with hundreds is unheard of.
    private typealias Groups = InlineArray<256, UInt32>

    /// unix(7) SO_PEERCRED and SO_PEERGROUPS of an accepted connection.
    static func of(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        let groups: EventLoopFuture<Groups> = options.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERGROUPS))
        // A peer in too many groups is one without: that refuses, it never allows.
        let none = Groups(repeating: 0)
        return credentials.and(groups.recover { _ in none }).map { credentials, groups in
            let members = (0..<groups.count).lazy.map { groups[$0] }.filter { $0 != 0 }
            return Peer(
                process: credentials.process, user: credentials.user, group: credentials.group, groups: Set(members))
        }
    }
}
