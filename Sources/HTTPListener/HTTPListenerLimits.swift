// What a listener grants its clients: sizes, counts and times, all bounded.

/// Bounds that no client can make the listener exceed.
package struct HTTPListenerLimits: Sendable, Equatable {
    /// Bytes of one request's body, after any transfer coding; beyond it the answer is 413.
    package var maxBodyBytes = 2 * 1024 * 1024
    /// Bytes of bodies held for all connections together; beyond it the answer is 503.
    package var maxHeldBodyBytes = 256 * 1024 * 1024
    /// Bytes of the request target and all header names and values together; beyond it the answer is 431.
    package var maxHeaderBytes = 64 * 1024
    /// Header fields of one request; beyond it the answer is 431.
    package var maxHeaderCount = 128
    /// From the first byte of a request to the end of its headers; beyond it the answer is 408.
    package var headerTimeout = Duration.seconds(15)
    /// From the end of a request's headers to the end of its body; beyond it the answer is 408.
    package var bodyTimeout = Duration.seconds(60)
    /// Between requests, and before the first; beyond it the connection is closed.
    package var idleTimeout = Duration.seconds(75)
    /// For a client to take an answer; beyond it the connection is closed.
    package var writeTimeout = Duration.seconds(60)
    /// Connections open at once; more are answered 503 and closed.
    package var maxConnections = 4096

    package init() {}
}
