// One connection to a monitor: owns the socket, matches answers to commands, keeps deadlines, passes events on.
// All state lives on the channel's event loop; a lost connection is final, whoever owns the client connects anew.

package import JSON
package import NIOCore
import NIOPosix

package final class QMPClient: Sendable {
    /// Longest line a monitor may send, in bytes.
    package static let maximumLineLength = 4 << 20

    /// What the monitor tells unasked, from the connection on; ends with the connection. One listener.
    package let events: AsyncStream<QMPEvent>
    private let channel: any Channel
    private let connection: NIOLoopBound<QMPConnection>

    private init(
        channel: any Channel, connection: NIOLoopBound<QMPConnection>, events: AsyncStream<QMPEvent>
    ) {
        (self.channel, self.connection, self.events) = (channel, connection, events)
    }

    deinit { channel.close(promise: nil) }

    /// Takes over a connected stream socket, reads the greeting and negotiates capabilities.
    ///
    /// - Parameter descriptor: closed with the client, also when this throws.
    /// - Throws: `QMPError.timedOut` when the monitor is not ready within the deadline, `.closed` when it hangs up.
    package static func connect(
        _ descriptor: Int32, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        within deadline: Duration = .seconds(10)
    ) async throws(QMPError) -> QMPClient {
        let (events, continuation) = AsyncStream.makeStream(of: QMPEvent.self)
        let loop = group.next()
        let made: (any Channel, NIOLoopBound<QMPConnection>)
        let passage = DescriptorPassage(over: descriptor)
        do {
            let bootstrap = ClientBootstrap(group: loop).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        QMPConnection(events: continuation, passage: passage))
                }
            }
            made = try await bootstrap.withConnectedSocket(descriptor).flatMapThrowing { channel in
                let connection = try channel.pipeline.syncOperations.handler(type: QMPConnection.self)
                return (channel, NIOLoopBound(connection, eventLoop: channel.eventLoop))
            }.get()
        } catch {
            continuation.finish()
            throw .connectionFailed("\(error)")
        }
        let client = QMPClient(channel: made.0, connection: made.1, events: events)
        try await client.ask { connection, answer in connection.whenReady(within: deadline, answer) }
        return client
    }

    /// Sends a command and waits for what it returns.
    package func execute(
        _ command: String, _ arguments: JSONValue? = nil, within deadline: Duration = .seconds(10)
    ) async throws(QMPError) -> JSONValue {
        try await ask { connection, answer in connection.execute(command, arguments, within: deadline, answer) }
    }

    /// Sends a command together with an open descriptor, which stays the caller's and must be open until this returns.
    package func execute(
        _ command: String, _ arguments: JSONValue? = nil, passing descriptor: Int32,
        within deadline: Duration = .seconds(10)
    ) async throws(QMPError) -> JSONValue {
        try await ask { connection, answer in
            connection.execute(command, arguments, passing: descriptor, within: deadline, answer)
        }
    }

    /// Hangs up and returns once the socket is closed; commands that wait fail with `QMPError.closed`.
    package func close() async {
        try? await channel.close().get()
    }

    @discardableResult
    private func ask(
        _ body: @escaping @Sendable (QMPConnection, @escaping QMPConnection.Answer) -> Void
    ) async throws(QMPError) -> JSONValue {
        let result: Result<JSONValue, QMPError> = await withCheckedContinuation { continuation in
            channel.eventLoop.execute { [connection] in
                body(connection.value) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }
}

/// The handler at the end of the channel; lives and is called on its event loop only.
final class QMPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Answer = @Sendable (Result<JSONValue, QMPError>) -> Void

    private struct Waiting {
        let answer: Answer
        let deadline: Scheduled<Void>
    }

    private var session = QMPSession()
    private var lines = LineBuffer(maximumLength: QMPClient.maximumLineLength)
    private var readiness: Waiting?
    private var waiting: [Int64: Waiting] = [:]
    private var failure: QMPError?
    private var context: ChannelHandlerContext?
    private let events: AsyncStream<QMPEvent>.Continuation
    private let passage: DescriptorPassage
    /// Ends when all that was written before it has left for the monitor.
    private var lastWrite: EventLoopFuture<Void>?

    init(events: AsyncStream<QMPEvent>.Continuation, passage: DescriptorPassage) {
        (self.events, self.passage) = (events, passage)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.closed)
        self.context = nil
    }

    func whenReady(within deadline: Duration, _ answer: @escaping Answer) {
        guard let context, failure == nil, session.state != .ended else {
            return answer(.failure(failure ?? .closed))
        }
        if session.state == .ready { return answer(.success(.null)) }
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [self] in
            end(.timedOut(command: "qmp_capabilities"))
        }
        readiness = Waiting(answer: answer, deadline: timer)
    }

    func execute(
        _ command: String, _ arguments: JSONValue?, passing descriptor: Int32? = nil, within deadline: Duration,
        _ answer: @escaping Answer
    ) {
        guard let context, failure == nil, session.state == .ready else {
            return answer(.failure(failure ?? .closed))
        }
        let (id, bytes) = session.request(command, arguments)
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [self] in
            guard let name = session.forget(id), let waiter = waiting.removeValue(forKey: id) else { return }
            waiter.answer(.failure(.timedOut(command: name)))
        }
        waiting[id] = Waiting(answer: answer, deadline: timer)
        guard let descriptor else { return send(bytes, context) }
        // The channel cannot carry descriptors: this goes past it, once the channel has nothing left to send.
        let before = lastWrite ?? context.eventLoop.makeSucceededVoidFuture()
        before.assumeIsolated().whenComplete { [self] _ in
            guard failure == nil, waiting[id] != nil else { return }
            if let reason = passage.send(bytes, with: descriptor) { end(.connectionFailed(reason)) }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            for line in try lines.append(unwrapInboundIn(data).readableBytesView) { try act(on: line, context) }
        } catch let error as QMPError {
            end(error)
        } catch {
            end(.malformed("a line of more than \(QMPClient.maximumLineLength) bytes"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { end(.closed) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.connectionFailed("\(error)")) }

    private func act(on line: [UInt8], _ context: ChannelHandlerContext) throws(QMPError) {
        switch try session.received(line) {
        case .send(let bytes): send(bytes, context)
        case .ready:
            readiness?.deadline.cancel()
            readiness?.answer(.success(.null))
            readiness = nil
        case .answer(let id, let result):
            guard let waiter = waiting.removeValue(forKey: id) else { return }
            waiter.deadline.cancel()
            waiter.answer(result)
        case .event(let event): events.yield(event)
        case nil: break
        }
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        lastWrite = written.futureResult
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: written)
    }

    /// Ends the connection once; whoever waits learns why.
    private func end(_ reason: QMPError) {
        guard failure == nil else { return }
        failure = reason
        session.end()
        let waiters = [readiness].compactMap { $0 } + waiting.values
        (readiness, waiting) = (nil, [:])
        for waiter in waiters {
            waiter.deadline.cancel()
            waiter.answer(.failure(reason))
        }
        events.finish()
        context?.close(promise: nil)
    }
}
