// The one owner of a connection: takes decoded requests, hands them to the handler one at a time and in order, and
// writes the answers. Runs on its event loop; only the handler's work runs elsewhere.
//
//   receiving ─request complete─▶ handling ─answer─▶ writing ─written, keep-alive─▶ receiving
//       └─garbage, limit, timeout─▶ draining ◀─refusal───┘ └─otherwise─▶ closed
//
// While a request is handled or written nothing is read, so a client that pipelines costs one read buffer.

import CloudTypes
import NIOCore
import NIOHTTP1

/// Asks a connection to end once its request, if any, is answered.
struct ConnectionShouldEnd: Sendable {}

final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What all connections of a listener share.
    struct Shared: Sendable {
        let limits: HTTPListenerLimits
        let registry: ConnectionRegistry
        let dateText: DateText
        let startsInline: Bool
        let handle: @Sendable (HTTPRequest) async -> HTTPResponse
    }

    private enum Phase: Equatable {
        case receiving
        /// A handler works on the request.
        case handling(isHead: Bool, keepsAlive: Bool)
        /// An answer is on its way, or waits for the client to take it.
        case writing(goesOn: Bool)
        /// Nothing more is answered; what still arrives is thrown away, so that the last answer is not lost to a reset.
        case draining
        case closed
    }

    /// A request, or a refusal, that arrived while another was handled.
    private enum Pending {
        case request(AssembledRequest)
        case refusal(status: Int)
    }

    private let shared: Shared
    private let id: UInt64
    private var phase = Phase.receiving
    private var assembly: RequestAssembly
    private var pending: CircularBuffer<Pending> = []
    /// What is left to write of an answer.
    private var unwritten: ByteRope.Cursor?
    private var isWriting = false
    /// Body bytes of requests that are complete and not yet answered, and of the one being handled among them.
    private var completeBytes = 0
    private var handledBytes = 0
    private var heldBytes = 0
    private var awaitsContinue = false
    private var readIsDue = false
    /// The listener ends: the request in work is the last.
    private var endsAfterAnswer = false
    /// The client ended its side: what it sent before is still answered.
    private var inputEnded = false
    private var allWritten = false
    private var peerAddress = ""
    private var localAddress = ""
    private var context: ChannelHandlerContext?
    private var clock = ConnectionClock()
    private var executor: EventLoopExecutor?

    init(_ shared: Shared, id: UInt64) {
        (self.shared, self.id) = (shared, id)
        assembly = RequestAssembly(maxBodyBytes: shared.limits.maxBodyBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        peerAddress = context.remoteAddress?.ipAddress ?? ""
        localAddress = context.localAddress?.ipAddress ?? ""
        expect(.idle)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { close() }

    /// A handler that is still at work keeps the connection counted, so that a shutdown waits for it.
    private func close() {
        guard phase != .closed else { return }
        let isOver = !isHandling
        phase = .closed
        clock.stop()
        pending.removeAll()
        unwritten = nil
        assembly.abandon()
        completeBytes = 0
        hold()
        context = nil
        if isOver { shared.registry.remove(id) }
    }

    private var isHandling: Bool {
        if case .handling = phase { true } else { false }
    }
}

// MARK: - Receiving

extension ConnectionHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .draining, phase != .closed else { return }
        let outcome =
            switch unwrapInboundIn(data) {
            case .head(let head): assembly.head(head)
            case .body(let part): assembly.body(part)
            case .end: assembly.end()
            }
        switch outcome {
        case .none: hold()
        case .awaitsContinue:
            awaitsContinue = true
            if phase == .receiving { sendContinue() }
        case .complete(let request):
            awaitsContinue = false
            completeBytes += request.body.count
            if phase == .receiving { handle(request) } else { pending.append(.request(request)) }
        case .refused(let status): refuse(status)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if phase == .receiving { expect(assembly.isBetweenRequests ? .headers : .body) }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        switch phase {
        case .receiving, .draining: context.read()
        case .handling, .writing: readIsDue = true
        case .closed: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard phase != .draining, phase != .closed else { return }
        switch error as? HTTPParserError {
        case .headerOverflow?: refuse(431)
        case .invalidVersion?: refuse(505)
        case .invalidEOFState?: context.close(promise: nil)
        case .some: refuse(400)
        case nil: context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            inputEnded = true
            switch phase {
            case .receiving: drain()
            case .draining where allWritten: context.close(promise: nil)
            case .draining, .handling, .writing, .closed: break
            }
        } else if event is ConnectionShouldEnd {
            endsAfterAnswer = true
            if phase == .receiving, assembly.isBetweenRequests { drain(lingers: false) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Accounts for the bytes held now; all connections together may hold only so many.
    private func hold() {
        let bytes = completeBytes + assembly.heldBytes
        let isWithinBound = shared.registry.hold(bytes - heldBytes)
        let grew = bytes > heldBytes
        heldBytes = bytes
        if grew, !isWithinBound { refuse(503) }
    }

    private func sendContinue() {
        awaitsContinue = false
        guard let context else { return }
        let line = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(line), promise: nil)
    }
}

// MARK: - Answering

extension ConnectionHandler {
    private func handle(_ request: AssembledRequest) {
        guard let context else { return }
        phase = .handling(isHead: request.isHead, keepsAlive: request.keepsAlive)
        handledBytes = request.body.count
        clock.awaited = nil
        let whole = HTTPRequest(
            method: request.method, target: request.target, headers: request.headers, body: request.body,
            peerAddress: peerAddress, localAddress: localAddress, connectionID: id)
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let handle = shared.handle
        let work: @Sendable () async -> Void = {
            let response = await handle(whole)
            eventLoop.execute { connection.value.answer(response) }
        }
        // A task of its own, so that long work does not hold up the event loop's other connections. It ends with its
        // answer, which `shutdown` waits for.
        if shared.startsInline {
            Task.immediate(executorPreference: executor(on: eventLoop), operation: work)
        } else {
            Task(operation: work)
        }
    }

    private func executor(on eventLoop: any EventLoop) -> EventLoopExecutor {
        if let executor { return executor }
        let made = EventLoopExecutor(eventLoop)
        executor = made
        return made
    }

    private func answer(_ response: HTTPResponse) {
        guard case .handling(let isHead, let keepsAlive) = phase, let context else {
            shared.registry.remove(id)
            return
        }
        completeBytes -= handledBytes
        hold()
        let isLast = endsAfterAnswer || inputEnded && pending.isEmpty
        let goesOn = keepsAlive && !isLast && !response.closesConnection
        if let ipTTL = response.ipTTL { setTTL(ipTTL, context) }
        write(response, isHead: isHead, goesOn: goesOn)
    }

    /// How much is written at once: no more than lets a channel count as writable.
    private static var pieceBytes: Int { 65_536 }
    /// How many pieces follow each other before the event loop's other connections have their turn.
    private static var piecesAtOnce: Int { 16 }

    private func write(_ response: HTTPResponse, isHead: Bool, goesOn: Bool) {
        guard let context else { return }
        phase = .writing(goesOn: goesOn)
        var body = ByteRope.Cursor(isHead || !response.mayHaveBody ? ByteRope() : response.content)
        var buffer = context.channel.allocator.buffer(capacity: min(body.left + 512, ConnectionHandler.pieceBytes))
        buffer.appendHead(of: response, keepsAlive: goesOn, date: shared.dateText.now)
        buffer.append(&body)
        unwritten = body.isAtEnd ? nil : body
        write(buffer, context)
        writeOn()
    }

    /// Writing may tell at once that the channel is writable again; that is looked at when it is done.
    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        isWriting = true
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        isWriting = false
    }

    /// Writes what is left of an answer, as long as the client takes it; then goes on to the next request, or ends.
    private func writeOn() {
        guard !isWriting, let context else { return }
        for _ in 0..<ConnectionHandler.piecesAtOnce {
            guard case .writing(let goesOn) = phase else { return }
            guard var body = unwritten else { return goesOn ? nextOnceWritable() : drain() }
            guard context.channel.isWritable else { return expect(.writing) }
            unwritten = nil
            var buffer = context.channel.allocator.buffer(capacity: ConnectionHandler.pieceBytes)
            buffer.append(&body)
            if !body.isAtEnd { unwritten = body }
            write(buffer, context)
        }
        context.eventLoop.assumeIsolated().execute { self.writeOn() }
    }

    private func nextOnceWritable() {
        if context?.channel.isWritable == true { next() } else { expect(.writing) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { writeOn() }
        context.fireChannelWritabilityChanged()
    }

    /// What arrived meanwhile comes next; if nothing did, reading goes on.
    private func next() {
        guard case .writing = phase, let context else { return }
        phase = .receiving
        switch pending.popFirst() {
        case .request(let request)?: handle(request)
        case .refusal(let status)?: refuse(status)
        case nil:
            if inputEnded || endsAfterAnswer && assembly.isBetweenRequests {
                drain(lingers: false)
                return
            }
            expect(assembly.isBetweenRequests ? .idle : .body)
            if awaitsContinue { sendContinue() }
            if readIsDue {
                readIsDue = false
                context.read()
            }
        }
    }

    /// Answers with a status alone and ends the connection; in its turn, if another request is being answered.
    private func refuse(_ status: Int) {
        assembly.abandon()
        hold()
        switch phase {
        case .handling, .writing: pending.append(.refusal(status: status))
        case .receiving:
            write(
                HTTPResponse(status: status, text: HTTPResponseStatus(statusCode: status).reasonPhrase + "\n"),
                isHead: false, goesOn: false)
        case .draining, .closed: break
        }
    }

    /// Ends our side once all is written, then waits a little for the client to end its own: closing at once would make
    /// the kernel answer what the client still sends with a reset, which may overtake our last answer.
    private func drain(lingers: Bool = true) {
        guard let context else { return }
        phase = .draining
        pending.removeAll()
        expect(.writing)
        // Closing drops what is not written yet. Writes end in their order, so an empty one tells when all are done.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.allIsWritten(lingers: lingers)
        }
        if readIsDue {
            readIsDue = false
            context.read()
        }
    }

    private func allIsWritten(lingers: Bool) {
        guard let context else { return }
        allWritten = true
        guard lingers, !inputEnded else {
            context.close(promise: nil)
            return
        }
        context.close(mode: .output, promise: nil)
        expect(.drained)
    }

    private func setTTL(_ hops: Int, _ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.ipTTL, value: max(1, min(255, hops)))
    }
}

// MARK: - Time

extension ConnectionHandler {
    /// Begins to wait for something. Progress does not prolong a wait: a client that drips bytes gains nothing.
    private func expect(_ awaited: ConnectionClock.Awaited) {
        guard let context, clock.awaited != awaited else { return }
        clock.awaited = awaited
        let deadline = NIODeadline.now() + TimeAmount(awaited.limit(in: shared.limits))
        clock.deadline = deadline
        if clock.firesAt.map({ deadline < $0 }) ?? true { schedule(at: deadline, context) }
    }

    private func schedule(at moment: NIODeadline, _ context: ChannelHandlerContext) {
        clock.alarm?.cancel()
        clock.firesAt = moment
        clock.alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: moment) { self.alarm() }
    }

    private func alarm() {
        clock.firesAt = nil
        guard let context, let awaited = clock.awaited else { return }
        guard clock.deadline <= .now() else {
            schedule(at: clock.deadline, context)
            return
        }
        switch awaited {
        case .headers, .body: refuse(408)
        case .idle, .writing, .drained: context.close(promise: nil)
        }
    }
}
