internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The Varlink server: one event-loop thread that accepts, frames and writes. It never blocks; the service does its
/// work elsewhere.
public final class Server: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let path: String?

    /// Listens and serves until `stop`. Blocks while it starts: not for tasks.
    @available(*, noasync)
    public init(
        _ listener: Listener, service: some HdrlogService, info: ServiceInfo, policy: AccessPolicy,
        limits: ServerLimits = ServerLimits()
    ) throws(ListenError) {
        let name = if case .path(let path, _, _) = listener { path } else { "inherited socket" }
        if case .path(let path, _, _) = listener { try SocketFile.removeStale(path) }
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let clients = ClientCount()
        let dispatcher = Dispatcher(service: service, info: info, policy: policy, replyBytes: limits.replyBytes)
        let bootstrap = ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { Self.accept($0, dispatcher, limits, clients) }
        do {
            (channel, path) = try Self.bind(bootstrap, listener)
        } catch {
            try? group.syncShutdownGracefully()
            throw error as? ListenError ?? ListenError(path: name, problem: "\(error)")
        }
    }

    private static func bind(_ bootstrap: ServerBootstrap, _ listener: Listener) throws -> (any Channel, String?) {
        switch listener {
        case .inherited(let descriptor):
            return (try bootstrap.withBoundSocket(descriptor).wait(), nil)
        case .path(let path, let mode, let group):
            let channel = try bootstrap.bind(unixDomainSocketPath: path).wait()
            do {
                try SocketFile.setAccess(path, mode: mode, group: group)
            } catch {
                try? channel.close().wait()
                unlink(path)
                throw error
            }
            return (channel, path)
        }
    }

    private static func accept(
        _ channel: any Channel, _ dispatcher: Dispatcher<some HdrlogService>, _ limits: ServerLimits,
        _ clients: ClientCount
    ) -> EventLoopFuture<Void> {
        let count = clients.enter()
        channel.closeFuture.whenComplete { _ in clients.leave() }
        // Those too many are told so, but they are not without a limit either.
        guard count <= 2 * limits.clients else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let refusal: ServiceError? =
            count > limits.clients ? .limitExceeded(limit: "clients", maximum: limits.clients) : nil
        return Peer.of(channel).flatMapThrowing { peer in
            try channel.pipeline.syncOperations.addHandler(Connection(dispatcher, limits, peer, refusal: refusal))
        }
    }

    /// Closes all connections, cancels their calls and removes the socket that it made. Blocks: not for tasks.
    @available(*, noasync)
    public func stop() {
        try? channel.close().wait()
        if let path { unlink(path) }
        try? group.syncShutdownGracefully()
    }
}

/// Connections at present.
private final class ClientCount: Sendable {
    private let count = Atomic(0)
    func enter() -> Int { count.add(1, ordering: .relaxed).newValue }
    func leave() { count.subtract(1, ordering: .relaxed) }
}
