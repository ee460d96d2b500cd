internal import NIOCore

/// One client: cuts its bytes into calls, runs one at a time in their order, closes it when it misbehaves.
///
/// While a call runs nothing more is read, so that what a client may pipeline is bounded by the socket's buffer.
final class Connection<Service: HdrlogService>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let dispatcher: Dispatcher<Service>
    private let limits: ServerLimits
    private let peer: Peer
    /// Set on a connection too many: every call is answered with it.
    private let refusal: ServiceError?
    private var input = ByteBuffer()
    /// Bytes of `input` that are known to hold no NUL.
    private var scanned = 0
    private var running: RunningCall?
    private var inputClosed = false
    private var lastCall = NIODeadline.now()
    private var unwritableSince: NIODeadline?
    private var timer: RepeatedTask?

    init(_ dispatcher: Dispatcher<Service>, _ limits: ServerLimits, _ peer: Peer, refusal: ServiceError?) {
        self.dispatcher = dispatcher
        self.limits = limits
        self.peer = peer
        self.refusal = refusal
    }

    func channelActive(context: ChannelHandlerContext) {
        startTimer(context)
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        running?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        input.writeBuffer(&bytes)
        proceed(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if running == nil { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            inputClosed = true
            proceed(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unwritableSince = context.channel.isWritable ? nil : .now()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Answers calls until one has to be waited for or none is left.
    private func proceed(_ context: ChannelHandlerContext) {
        while running == nil, context.channel.isActive, let message = nextMessage() { answer(message, context) }
        if running == nil, inputClosed { return closeAfterWrites(context) }
        if scanned > limits.messageBytes {
            reply(.limitExceeded(limit: "message size", maximum: limits.messageBytes), context)
            closeAfterWrites(context)
        }
    }

    /// The bytes before the next NUL.
    private func nextMessage() -> [UInt8]? {
        let view = input.readableBytesView
        guard let end = view[(view.startIndex + scanned)...].firstIndex(of: 0) else {
            scanned = view.count
            return nil
        }
        let message = input.readBytes(length: end - view.startIndex)
        input.moveReaderIndex(forwardBy: 1)
        input.discardReadBytes()
        scanned = 0
        guard let message, message.count <= limits.messageBytes else {
            scanned = limits.messageBytes + 1
            return nil
        }
        return message
    }

    private func answer(_ message: [UInt8], _ context: ChannelHandlerContext) {
        lastCall = .now()
        if let refusal {
            reply(refusal, context)
            return closeAfterWrites(context)
        }
        do throws(CallError) {
            run(try Call(message), context)
        } catch {
            switch error {
            case .notACall: context.close(promise: nil)
            case .invalid(let parameter): reply(.invalidParameter(parameter), context)
            }
        }
    }

    private func run(_ call: Call, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        let started = dispatcher.start(call, from: peer, on: channel) { reply in
            channel.eventLoop.execute { bound.value.finished(reply, boundContext.value) }
        }
        switch started {
        case .replied(let bytes):
            if !call.oneway { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil) }
        case .running(let call): running = call
        }
    }

    /// A call that took its time is over.
    private func finished(_ reply: ByteBuffer?, _ context: ChannelHandlerContext) {
        running = nil
        lastCall = .now()
        guard context.channel.isActive else { return }
        if let reply { context.writeAndFlush(wrapOutboundOut(reply), promise: nil) }
        proceed(context)
        if running == nil { context.read() }
    }

    private func reply(_ error: ServiceError, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Reply.failure(error))), promise: nil)
    }

    /// What was written before goes out first; a client that does not take it is closed by the timer.
    private func closeAfterWrites(_ context: ChannelHandlerContext) {
        input.clear()
        scanned = 0
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close(promise: nil) }
    }

    private func startTimer(_ context: ChannelHandlerContext) {
        let allowed = refusal == nil ? limits.idle : min(limits.idle, .seconds(1))
        let idle = TimeAmount(allowed)
        let period = TimeAmount(max(min(allowed, limits.stall) / 2, .milliseconds(1)))
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            let (connection, context) = bound.value
            if connection.isOverdue(idle: idle) { context.close(promise: nil) }
        }
    }

    private func isOverdue(idle: TimeAmount) -> Bool {
        let now = NIODeadline.now()
        if let unwritableSince, now - unwritableSince > TimeAmount(limits.stall) { return true }
        return running == nil && now - lastCall > idle
    }
}
