internal import Glibc
internal import NIOCore
internal import NIOPosix

/// The Varlink server: one event-loop thread that accepts, frames and writes. It never blocks; the service does its
/// work elsewhere.
public final class Server: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let path: String?
    private let activity: Activity

    /// Listens and serves until `stop`. Blocks while it starts: not for tasks.
    @available(*, noasync)
    public init(
        _ listener: Listener, service: some HdrlogService, info: ServiceInfo, policy: AccessPolicy,
        limits: ServerLimits = ServerLimits()
    ) throws(ListenError) {
        let name = if case .path(let path, _, _) = listener { path } else { "inherited socket" }
        if case .path(let path, _, _) = listener { try SocketFile.removeStale(path) }
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let activity = Activity()
        self.activity = activity
        let dispatcher = Dispatcher(
            service: service, info: info, policy: policy, replyBytes: limits.replyBytes, activity: activity)
        let bootstrap = ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { Self.accept($0, dispatcher, limits, activity) }
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
        _ activity: Activity
    ) -> EventLoopFuture<Void> {
        let count = activity.opened(channel)
        channel.closeFuture.whenComplete { _ in activity.closed(channel) }
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

    /// Closes all connections, cancels their calls and waits for those to end (five seconds at most), removes the
    /// socket that it made. Blocks: not for tasks.
    @available(*, noasync)
    public func stop() {
        try? channel.close().wait()
        if let path { unlink(path) }
        try? activity.end(on: channel.eventLoop, patience: .seconds(5)).wait()
        try? group.syncShutdownGracefully()
    }
}
