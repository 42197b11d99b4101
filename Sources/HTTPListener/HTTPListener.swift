// A small HTTP/1.1 server: binds, accepts, counts, and ends in good order. What a connection does: `ConnectionHandler`.
// Serves the API and the instance metadata service; knows neither.

import Glibc
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix

/// Where a listener listens.
package enum ListenAddress: Sendable, Equatable {
    /// A literal address; port 0 lets the kernel choose.
    case address(host: String, port: Int)
    /// A stream socket that is bound already, in whatever network namespace; the listener closes it in the end.
    case socket(descriptor: Int32)
    /// A Unix socket, made anew at this path.
    case unixSocket(path: String)
}

/// Why there is no listener.
package enum HTTPListenerError: Error, Equatable, Sendable {
    case cannotListen(on: ListenAddress, reason: String)
}

/// A listening socket and its connections.
package final class HTTPListener: Sendable {
    private let channel: any Channel
    private let registry: ConnectionRegistry

    /// The port that is listened on; 0 on a Unix socket.
    package let port: Int
    /// The address that is listened on, as text; empty on a Unix socket.
    package let host: String

    private init(channel: any Channel, registry: ConnectionRegistry) {
        (self.channel, self.registry) = (channel, registry)
        port = channel.localAddress?.port ?? 0
        host = channel.localAddress?.ipAddress ?? ""
    }

    /// Connections open now, or with a request still in work.
    package var connectionCount: Int { registry.count }

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - ipTTL: the hop limit of every packet from the first SYN-ACK on; an answer may set another one.
    ///   - startsInline: whether handlers begin on the event loop and come back to it. Cheapest for handlers that are
    ///     brief between their waits; those that are not have to go elsewhere by themselves.
    ///   - group: whose event loops carry the connections; the process's own if `nil`.
    ///   - handler: called once a request, never twice at a time for one connection.
    package static func start(
        on address: ListenAddress, limits: HTTPListenerLimits = HTTPListenerLimits(), ipTTL: Int? = nil,
        startsInline: Bool = false, group: (any EventLoopGroup)? = nil,
        logger: Logger? = nil,
        handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) async throws(HTTPListenerError) -> HTTPListener {
        let registry = ConnectionRegistry(limits)
        let shared = ConnectionHandler.Shared(
            limits: limits, registry: registry, dateText: DateText(), startsInline: startsInline, handle: handler)
        var bootstrap = ServerBootstrap(group: group ?? MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel, shared, logger) }
            }
        if case .address = address {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        }
        if case .unixSocket = address {
        } else {
            bootstrap = bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        if let ipTTL {
            bootstrap = bootstrap.serverChannelOption(.ipTTL, value: max(1, min(255, ipTTL)))
        }
        do {
            let channel =
                switch address {
                case .address(let host, let port): try await bootstrap.bind(host: host, port: port).get()
                case .socket(let descriptor): try await bootstrap.withBoundSocket(descriptor).get()
                case .unixSocket(let path):
                    try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
                }
            return HTTPListener(channel: channel, registry: registry)
        } catch let error as IOError {
            throw .cannotListen(on: address, reason: String(cString: strerror(error.errnoCode)))
        } catch {
            throw .cannotListen(on: address, reason: "\(error)")
        }
    }

    private static func prepare(_ channel: any Channel, _ shared: ConnectionHandler.Shared, _ logger: Logger?) throws {
        guard let id = shared.registry.admit(channel) else {
            logger?.debug("connection refused: too many", metadata: ["limit": "\(shared.limits.maxConnections)"])
            try channel.pipeline.syncOperations.addHandler(RefusingHandler())
            return
        }
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = shared.limits.maxHeaderBytes
        decoderLimits.maxHeaderListSize = shared.limits.maxHeaderBytes
        decoderLimits.maxHeaderFieldCount = shared.limits.maxHeaderCount
        do {
            try channel.pipeline.syncOperations.addHandler(
                ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits)))
            try channel.pipeline.syncOperations.addHandler(ConnectionHandler(shared, id: id))
        } catch {
            shared.registry.remove(id)
            throw error
        }
    }

    /// Ends: accepts nothing more, closes idle connections, lets requests in work be answered, and cuts off what is
    /// left after `grace`.
    package func shutdown(grace: Duration = .seconds(10)) async {
        try? await channel.close().get()
        for connection in registry.beginClosing() {
            connection.pipeline.fireUserInboundEventTriggered(ConnectionShouldEnd())
        }
        let registry = registry
        let cutOff = channel.eventLoop.scheduleTask(in: TimeAmount(grace)) {
            for connection in registry.giveUp() { connection.close(promise: nil) }
        }
        await registry.waitUntilEmpty()
        cutOff.cancel()
    }
}

/// Tells a client that there is no room for it.
private final class RefusingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        let text = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// The hop limit of a socket's packets.
    static var ipTTL: Self { Self(level: .ip, name: NIOBSDSocket.Option(rawValue: CInt(IP_TTL))) }
}
